// expect: failed
// says: loop limit
strategy({ api: 1, name: "x", version: "1", timeframe: "1Min",
  init() { for (;;) {} },
});
