// RSI mean reversion: buy when the RSI comes back up through `low`, leave when it reaches `high`, when `bars` bars
// have passed, or before the close.
//
// Idea: what fell far in a short time was often sold by somebody who had to sell; when that is over, part of the way
// comes back.
// Weakness: it buys what falls. On the day on which the fall is the news and not the noise it buys the first of
// many lower prices, and only its stop ends that; in a strong trend it stands aside for hours.
//
// The stop lies `atrs` average true ranges below the close. It buys so much that the stop loses `risk` per cent of
// equity, and at most `maxPct` per cent of equity.
//
// On the bundled week: 8 trades, return -0.11 %, largest drawdown 0.18 %, expectancy -0.39 R.
function shares(price, stop, ctx) {
  const byRisk = ctx.equity * ctx.params.risk / 100 / Math.abs(price - stop);
  const byWorth = ctx.equity * ctx.params.maxPct / 100 / price;
  return Math.floor(Math.min(byRisk, byWorth));
}

strategy({
  api: 1, name: "RSI reversion", version: "1.0.0",
  timeframe: "5Min", warmup: 30,
  params: {
    length: { type: "int", default: 14, min: 2, max: 100, title: "RSI length" },
    low: { type: "float", default: 30, min: 1, max: 50, title: "Buy on the way up through" },
    high: { type: "float", default: 55, min: 50, max: 99, title: "Leave at" },
    bars: { type: "int", default: 24, min: 1, max: 400, title: "Leave after", unit: "bars" },
    atrs: { type: "float", default: 2.5, min: 0.5, max: 10, title: "Stop below the close", unit: "ATR" },
    risk: { type: "float", default: 0.25, min: 0.01, max: 2, unit: "%", title: "Risk per trade" },
    maxPct: { type: "float", default: 9.5, min: 0.1, max: 100, unit: "%", title: "Largest position" },
  },

  init(ctx) {
    this.rsi = ctx.ta.rsi(ctx.params.length);
    this.atr = ctx.ta.atr(14);
    this.held = 0;
  },

  onBar(bar, ctx) {
    const p = ctx.params;
    ctx.plot("RSI", this.rsi);
    if (ctx.position.qty > 0) {
      this.held += 1;
      const late = ctx.session.minutesToClose <= 10;
      if (this.rsi >= p.high || this.held >= p.bars || late) ctx.close({ tag: late ? "before the close" : "back" });
      return;
    }
    this.held = 0;
    // Nothing is bought into the last hour: it would be sold before it could come back.
    if (ctx.position.qty !== 0 || !(ctx.session.minutesToClose > 60)) return;
    if (ctx.crossover(this.rsi, p.low)) {
      const stop = bar.close - p.atrs * this.atr;
      const qty = shares(bar.close, stop, ctx);
      if (qty > 0) ctx.buy({ qty, stop, tag: "oversold" });
    }
  },
});
