// expect: failed
// says: no indicator
strategy({ api: 1, name: "x", version: "1", timeframe: "1Min",
  init(ctx) { this.a = ctx.ta.sma(2); },
  onBar(bar, ctx) { Object.getPrototypeOf(this.a).valueOf.call({}); },
});
