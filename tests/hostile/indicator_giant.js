// expect: failed
// says: whole number
strategy({ api: 1, name: "x", version: "1", timeframe: "1Min",
  init(ctx) { ctx.ta.sma(1e9); },
});
