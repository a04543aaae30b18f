// expect: failed
// says: in an event alone
strategy({ api: 1, name: "x", version: "1", timeframe: "1Min",
  init(ctx) { ctx.buy({ qty: 1 }); },
});
