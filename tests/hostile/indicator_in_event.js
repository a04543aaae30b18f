// expect: failed
// says: made in init alone
strategy({ api: 1, name: "hostile", version: "1", timeframe: "1Min",
  onBar(bar, ctx) {
    ctx.ta.sma(3);
  },
});
