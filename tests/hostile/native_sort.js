// expect: killed engine | killed cpu | done
strategy({ api: 1, name: "hostile", version: "1", timeframe: "1Min",
  onBar(bar, ctx) {
    const a = Array.from({ length: 200000 }, (_, i) => i);
    a.sort(() => (Math.random() < 0.5 ? 1 : -1));
    a.sort(() => -1);
  },
});
