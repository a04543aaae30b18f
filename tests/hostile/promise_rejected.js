// expect: failed
// says: Error: lost
strategy({ api: 1, name: "hostile", version: "1", timeframe: "1Min",
  onBar(bar, ctx) {
    Promise.reject(new Error("lost"));
  },
});
