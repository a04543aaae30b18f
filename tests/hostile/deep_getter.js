// expect: failed | killed stack
strategy({ api: 1, name: "hostile", version: "1", timeframe: "1Min",
  onBar(bar, ctx) {
    const o = { get x() { return this.x; } };
    o.x;
  },
});
