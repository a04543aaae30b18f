// expect: failed
// says: threw an object
strategy({ api: 1, name: "hostile", version: "1", timeframe: "1Min",
  onBar(bar, ctx) {
    throw new Array(100000).fill("z");
  },
});
