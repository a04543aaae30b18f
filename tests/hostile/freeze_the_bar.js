// expect: failed
// says: TypeError
strategy({ api: 1, name: "hostile", version: "1", timeframe: "1Min",
  onBar(bar, ctx) {
    Object.freeze(bar);
  },
});
