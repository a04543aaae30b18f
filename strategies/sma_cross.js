// SMA cross: buy when the fast average of closes crosses above the slow one, leave when it crosses below.
//
// Idea: a trend that has just begun lifts recent closes above older ones, and tends to last longer than
// it takes to notice.
// Weakness: in a market that goes sideways the averages cross again and again, and every crossing buys
// high and sells low; it enters late and leaves late by construction.
//
// With `qty` above 0 it buys that fixed quantity; with 0 it buys so much that the stop, `stopPct` below
// the close, loses `risk` per cent of equity: by default a position of 7.5 % of equity, within the 10 % that
// the gate allows one symbol.
//
// On the bundled week: 116 trades, return -0.18 %, largest drawdown 0.38 %, expectancy -0.01 R.
strategy({
  api: 1, name: "SMA cross", version: "1.0.0",
  timeframe: "1Min", warmup: 30,
  params: {
    fast: { type: "int", default: 10, min: 2, max: 200, title: "Fast length" },
    slow: { type: "int", default: 30, min: 3, max: 400, title: "Slow length" },
    qty: { type: "int", default: 0, min: 0, max: 1000000, title: "Fixed quantity (0: by risk)" },
    risk: { type: "float", default: 0.15, min: 0.01, max: 2, unit: "%", title: "Risk per trade" },
    stopPct: { type: "float", default: 2, min: 0.1, max: 20, unit: "%", title: "Stop below the close" },
  },

  init(ctx) {
    if (ctx.params.fast >= ctx.params.slow) throw new Error("fast must be below slow");
    this.fast = ctx.ta.sma(ctx.params.fast);
    this.slow = ctx.ta.sma(ctx.params.slow);
  },

  onBar(bar, ctx) {
    const p = ctx.params;
    if (ctx.crossover(this.fast, this.slow)) {
      if (p.qty > 0) {
        ctx.buy({ qty: p.qty, tag: "cross up" });
      } else if (ctx.position.qty === 0) {
        ctx.buy({ riskPct: p.risk, stop: bar.close * (1 - p.stopPct / 100), tag: "cross up" });
      }
    } else if (ctx.crossunder(this.fast, this.slow)) {
      ctx.close({ tag: "cross down" });
    }
  },
});
