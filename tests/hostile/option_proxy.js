// expect: failed
// says: hand in a plain object
strategy({ api: 1, name: "hostile", version: "1", timeframe: "1Min",
  onBar(bar, ctx) {
    ctx.buy(new Proxy({ qty: 1 }, { get() { return 1e9; }, ownKeys() { for (;;) {} } }));
  },
});
