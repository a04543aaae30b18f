// Opening range breakout: remember the high and the low of the session's first minutes, buy the first
// close above that range (or, if allowed, sell the first close below it), with the stop at its other
// side, and be flat before the close.
//
// Idea: the first minutes hold the night's news and the day's first disagreement; who leaves that range
// first often sets the day's direction.
// Weakness: most days have none. False breakouts turn back into the range and are stopped at its far
// side, and a wide range means a far stop and a small position; half days leave little time.
//
// It buys so much that its stop loses `risk` per cent of equity, and at most `maxPct` per cent of equity: on a
// narrow range the risk alone would ask for more than the 10 % that the gate allows one symbol. The default
// leaves room for the 2 % that a market order may pay above the price. Shares are whole; for less than one
// nothing is sent.
//
// A day whose first five minutes it did not see is left alone: half a range is none.
//
// On the bundled week: 13 trades, return -0.09 %, largest drawdown 0.39 %, expectancy 0.01 R.

// The smaller of what the risk and what the largest position allow, in whole shares.
function shares(price, stop, ctx) {
  const byRisk = ctx.equity * ctx.params.risk / 100 / Math.abs(price - stop);
  const byWorth = ctx.equity * ctx.params.maxPct / 100 / price;
  return Math.floor(Math.min(byRisk, byWorth));
}

strategy({
  api: 1, name: "Opening range", version: "1.1.0",
  timeframe: "1Min", warmup: 0,
  params: {
    minutes: { type: "int", default: 15, min: 5, max: 60, title: "Minutes of the range", unit: "min" },
    risk: { type: "float", default: 0.5, min: 0.01, max: 2, unit: "%", title: "Risk per trade" },
    maxPct: { type: "float", default: 9.5, min: 0.1, max: 100, unit: "%", title: "Largest position" },
    shorts: { type: "bool", default: false, title: "Also sell short" },
    lastEntry: { type: "int", default: 60, min: 10, max: 360, title: "No entry so near the close", unit: "min" },
    flatBefore: { type: "int", default: 10, min: 2, max: 60, title: "Flat before the close", unit: "min" },
  },

  init() {
    this.day = "";
  },

  onBar(bar, ctx) {
    const p = ctx.params;
    const s = ctx.session;
    if (s.day !== this.day) {
      this.day = s.day;
      this.high = -Infinity;
      this.low = Infinity;
      this.done = false;
      this.first = NaN;
    }
    // A bar is known at its end: the first bar of the session ends a minute after the opening.
    if (!(s.minutesSinceOpen >= 1) || !(s.minutesToClose > 0)) return;
    if (s.minutesToClose <= p.flatBefore) {
      if (ctx.position.qty !== 0) ctx.close({ tag: "before the close" });
      return;
    }
    if (s.minutesSinceOpen <= p.minutes) {
      this.high = Math.max(this.high, bar.high);
      this.low = Math.min(this.low, bar.low);
      if (Number.isNaN(this.first)) this.first = s.minutesSinceOpen;
      return;
    }
    if (this.done || !(this.first <= 5) || s.minutesToClose <= p.lastEntry) return;
    if (ctx.position.qty !== 0) return;
    if (bar.close > this.high) {
      this.done = true;
      const qty = shares(bar.close, this.low, ctx);
      if (qty > 0) ctx.buy({ qty, stop: this.low, tag: "range up" });
    } else if (p.shorts && bar.close < this.low) {
      this.done = true;
      const qty = shares(bar.close, this.high, ctx);
      if (qty > 0) ctx.sell({ qty, stop: this.high, tag: "range down" });
    }
  },
});
