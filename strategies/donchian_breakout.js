// Donchian breakout with an ATR stop: buy the first close above the highest high of the `entry` bars before it, leave
// at the first close below the lowest low of the `exit` bars before it.
//
// Idea: a market that trades where it has not been for a while is being repriced, and repricing takes longer than a
// bar. The rule never misses a large move, because every large move begins with a new high.
// Weakness: most new highs lead nowhere. It loses a little often and wins much seldom; a week without a trend is a
// week of small losses, and whoever switches it off after ten of them misses the eleventh.
//
// The stop lies `atrs` average true ranges below the close. It buys so much that the stop loses `risk` per cent of
// equity, and at most `maxPct` per cent of equity.
//
// On the bundled week: 18 trades, return -0.06 %, largest drawdown 0.29 %, expectancy 0.09 R.
function shares(price, stop, ctx) {
  const byRisk = ctx.equity * ctx.params.risk / 100 / Math.abs(price - stop);
  const byWorth = ctx.equity * ctx.params.maxPct / 100 / price;
  return Math.floor(Math.min(byRisk, byWorth));
}

strategy({
  api: 1, name: "Donchian breakout", version: "1.0.0",
  timeframe: "5Min", warmup: 40,
  params: {
    entry: { type: "int", default: 20, min: 2, max: 400, title: "Bars of the entry's channel" },
    exit: { type: "int", default: 10, min: 2, max: 400, title: "Bars of the exit's channel" },
    atrs: { type: "float", default: 2, min: 0.5, max: 10, title: "Stop below the close", unit: "ATR" },
    risk: { type: "float", default: 0.25, min: 0.01, max: 2, unit: "%", title: "Risk per trade" },
    maxPct: { type: "float", default: 9.5, min: 0.1, max: 100, unit: "%", title: "Largest position" },
  },

  init(ctx) {
    this.top = ctx.ta.highest(ctx.params.entry);
    this.bottom = ctx.ta.lowest(ctx.params.exit);
    this.atr = ctx.ta.atr(14);
  },

  onBar(bar, ctx) {
    const p = ctx.params;
    // The channel of the bars before this one: a close can never be above a high that it made itself.
    ctx.plot("top", this.top.before);
    ctx.plot("bottom", this.bottom.before);
    if (ctx.position.qty > 0) {
      if (bar.close < this.bottom.before) ctx.close({ tag: "channel low" });
      return;
    }
    if (ctx.position.qty !== 0 || !(ctx.session.minutesToClose > 15)) return;
    if (bar.close > this.top.before) {
      const stop = bar.close - p.atrs * this.atr;
      const qty = shares(bar.close, stop, ctx);
      if (qty > 0) ctx.buy({ qty, stop, tag: "channel high" });
    }
  },
});
