// expect: failed
// says: not today
strategy({ api: 1, name: "x", version: "1", timeframe: "1Min",
  init() { throw new Error("not today"); },
});
