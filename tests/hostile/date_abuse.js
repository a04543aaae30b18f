// expect: failed | done | killed cpu
strategy({ api: 1, name: "hostile", version: "1", timeframe: "1Min",
  onBar(bar, ctx) {
    for (let i = 0; i < 1000; i++) new Date(8.64e15).toLocaleString("de", { timeZone: "America/New_York" });
    new Date(NaN).toISOString();
  },
});
