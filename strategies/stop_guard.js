// Stop guard: opens nothing. It looks after the stops of whatever is held, yours and other strategies', and moves
// them nearer to the market alone: to the entry once the position has earned what it risked, and from there on
// `atrs` average true ranges behind the best price since.
//
// Idea: the plan of an exit is made before the entry and forgotten in the trade. A rule that only ever makes the loss
// smaller can be left alone.
// Weakness: the nearer the stop, the sooner an ordinary swing takes it. It turns some winners into small ones, and
// a few losers into nothing; in a market that swings more than `atrs` ranges it sells every low.
//
// It says `protects: true`, which you see when you approve it: without that a strategy moves the stop of a position
// alone that is all its own. A stop that trails, or has a target beside it, is left as it is. It works in sim and in
// backtests; in paper and live the journal says that the stop was not moved.
//
// On the bundled week: 0 trades, return 0.00 %, largest drawdown 0.00 %.
strategy({
  api: 1, name: "Stop guard", version: "1.0.0",
  timeframe: "1Min", warmup: 15, protects: true,
  params: {
    atrs: { type: "float", default: 6, min: 1, max: 30, title: "Behind the best price", unit: "ATR" },
    earned: { type: "float", default: 1, min: 0.2, max: 10, title: "To the entry after", unit: "R" },
    step: { type: "float", default: 0.05, min: 0, max: 5, unit: "%", title: "Not for less than" },
  },

  init(ctx) {
    this.atr = ctx.ta.atr(14);
    this.side = 0;
  },

  onBar(bar, ctx) {
    const side = Math.sign(ctx.position.qty);
    const entry = ctx.position.avgPrice;
    if (side !== this.side || entry !== this.entry) {
      // A new position, or one that was added to: its best price and its risk begin anew.
      this.side = side;
      this.entry = entry;
      this.best = bar.close;
      this.risk = ctx.position.stop === null ? NaN : Math.abs(entry - ctx.position.stop);
    }
    const stop = ctx.position.stop;
    if (side === 0 || stop === null) return;
    if (Number.isNaN(this.risk)) this.risk = Math.abs(entry - stop);
    this.best = side > 0 ? Math.max(this.best, bar.high) : Math.min(this.best, bar.low);
    if (!(side * (this.best - entry) >= ctx.params.earned * this.risk)) return;
    const behind = this.best - side * ctx.params.atrs * this.atr;
    const wanted = side > 0 ? Math.max(behind, entry) : Math.min(behind, entry);
    // Every move is a cancel and an order at the broker: a few cents are not worth one.
    const nearer = side * (wanted - stop);
    if (nearer > bar.close * ctx.params.step / 100 && side * (bar.close - wanted) > 0) {
      ctx.tighten({ stop: wanted });
    }
  },
});
