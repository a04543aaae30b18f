// expect: failed
// says: exactly one of qty
Object.defineProperty(Object.prototype, "qty", { set() { throw new Error("caught you"); }, get() { return 1000000; } });
strategy({ api: 1, name: "hostile", version: "1", timeframe: "1Min",
  onBar(bar, ctx) {
    ctx.buy({});
  },
});
