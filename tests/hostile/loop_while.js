// expect: failed
// says: loop limit
strategy({ api: 1, name: "hostile", version: "1", timeframe: "1Min",
  onBar(bar, ctx) {
    while (true) {}
  },
});
