strategy({ api: 1, name: "indicators", version: "1", timeframe: "1Min",
  init(ctx) {
    const ta = ctx.ta;
    this.all = [ta.sma(2), ta.ema(2), ta.rma(2), ta.wma(2), ta.rsi(2), ta.stdev(2), ta.highest(2), ta.lowest(2),
      ta.atr(2), ta.tr(), ta.vwap(), ta.source("hlc3"), ta.macd().macd, ta.bbands(2, 2).upper, ta.stoch(2, 1, 1).k,
      ta.sma(2, ta.rsi(2)), ta.ema(3, "volume")];
    this.sum = 0;
  },
  onBar(bar, ctx) {
    for (const line of this.all) {
      if (typeof (line * 1) !== "number") throw new Error("no number");
      if (line > 5 && !(line.value > 5)) throw new Error("compare");
      this.sum += Number.isNaN(+line) ? 0 : +line;
    }
    ctx.log(this.sum, `${this.all[0]}`, this.all[0].before, ctx.crossover(this.all[0], this.all[1]));
    if (ctx.position.qty === 0) ctx.buy({ qty: 1, stop: ctx.lowest(1), limit: this.all[11] });
  },
});
