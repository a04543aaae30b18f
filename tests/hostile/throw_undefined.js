// expect: failed
// says: threw undefined
strategy({ api: 1, name: "hostile", version: "1", timeframe: "1Min",
  onBar(bar, ctx) {
    throw undefined;
  },
});
