strategy({ api: 1, name: "long_run_state", version: "1", timeframe: "1Min",
  onBar(bar, ctx) {
    this.seen = (this.seen || []).concat(Array.from({ length: 1000 }, (_, i) => bar.close + i));
    if (this.seen.length % 1000 !== 0) throw new Error("state");
    ctx.log(Math.max(...this.seen.slice(-100)));
  },
});
