// expect: failed
// says: 256 lines
strategy({ api: 1, name: "x", version: "1", timeframe: "1Min",
  init(ctx) { for (let i = 0; i < 1000; i++) ctx.ta.sma(3); },
});
