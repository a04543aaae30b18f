// expect: failed | killed stack | killed cpu
strategy({ api: 1, name: "hostile", version: "1", timeframe: "1Min",
  onBar(bar, ctx) {
    JSON.parse("[".repeat(100000) + "]".repeat(100000));
  },
});
