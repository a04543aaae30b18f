// expect: failed
// says: Error: yyyy
strategy({ api: 1, name: "hostile", version: "1", timeframe: "1Min",
  onBar(bar, ctx) {
    throw new Error("y".repeat(500000));
  },
});
