// VWAP reversion: buy a close that lies `width` standard deviations below the session's volume-weighted price, leave
// when it is back there, and be flat before the close.
//
// Idea: large orders are measured against the day's volume-weighted price, so that many hands buy below it and sell
// above it, and pull the price back.
// Weakness: on a day with a trend the price leaves that line in the morning and does not come back. The stop ends
// the trade, and the next bar may look just as cheap: `pause` keeps it from buying the whole way down.
//
// The stop lies as far below the close as the close lies below the line, so that it wins about what it risks. It buys
// so much that the stop loses `risk` per cent of equity, and at most `maxPct` per cent of equity.
//
// On the bundled week: 20 trades, return -0.11 %, largest drawdown 0.24 %, expectancy -0.26 R.
function shares(price, stop, ctx) {
  const byRisk = ctx.equity * ctx.params.risk / 100 / Math.abs(price - stop);
  const byWorth = ctx.equity * ctx.params.maxPct / 100 / price;
  return Math.floor(Math.min(byRisk, byWorth));
}

strategy({
  api: 1, name: "VWAP reversion", version: "1.0.0",
  timeframe: "1Min", warmup: 60,
  params: {
    length: { type: "int", default: 60, min: 5, max: 400, title: "Bars of the deviation" },
    width: { type: "float", default: 2, min: 0.5, max: 6, title: "Below the line", unit: "deviations" },
    settle: { type: "int", default: 30, min: 5, max: 240, title: "Not before", unit: "min" },
    pause: { type: "int", default: 30, min: 0, max: 240, title: "After a trade", unit: "min" },
    flatBefore: { type: "int", default: 10, min: 2, max: 60, title: "Flat before the close", unit: "min" },
    risk: { type: "float", default: 0.25, min: 0.01, max: 2, unit: "%", title: "Risk per trade" },
    maxPct: { type: "float", default: 9.5, min: 0.1, max: 100, unit: "%", title: "Largest position" },
  },

  init(ctx) {
    this.vwap = ctx.ta.vwap();
    this.deviation = ctx.ta.stdev(ctx.params.length);
    this.quietUntil = 0;
  },

  onBar(bar, ctx) {
    const p = ctx.params;
    ctx.plot("VWAP", this.vwap);
    if (ctx.position.qty > 0) {
      this.quietUntil = ctx.time + p.pause * 60000;
      const late = ctx.session.minutesToClose <= p.flatBefore;
      if (bar.close >= this.vwap || late) ctx.close({ tag: late ? "before the close" : "at the line" });
      return;
    }
    if (ctx.position.qty !== 0 || ctx.time < this.quietUntil) return;
    if (!(ctx.session.minutesSinceOpen >= p.settle) || !(ctx.session.minutesToClose > 60)) return;
    const below = this.vwap - bar.close;
    if (below > p.width * this.deviation) {
      const stop = bar.close - below;
      const qty = shares(bar.close, stop, ctx);
      if (qty > 0) ctx.buy({ qty, stop, tag: "below the line" });
    }
  },
});
