strategy({ api: 1, name: "big_arrays", version: "1", timeframe: "1Min",
  onBar(bar, ctx) {
    const a = Array.from({ length: 50000 }, (_, i) => i * 2);
    if (a.reduce((x, y) => x + y, 0) !== 2499950000) throw new Error("sum");
  },
});
