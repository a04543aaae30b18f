// expect: failed
// says: called once
strategy({ api: 1, name: "hostile", version: "1", timeframe: "1Min",
  onBar(bar, ctx) {
    strategy({ api: 1, name: "y", version: "1", timeframe: "1Min" });
  },
});
