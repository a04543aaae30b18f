// expect: failed
// says: WeakRef is not defined
strategy({ api: 1, name: "hostile", version: "1", timeframe: "1Min",
  onBar(bar, ctx) {
    new WeakRef({});
  },
});
