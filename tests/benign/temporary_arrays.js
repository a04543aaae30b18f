strategy({ api: 1, name: "temporary_arrays", version: "1", timeframe: "1Min",
  onBar(bar, ctx) {
    // Garbage in plain arrays.
    this.base ??= new Array(50000).fill(7);
    let n = 0;
    for (let i = 0; i < 4; i++) n += this.base.slice(1).concat([1, 2]).length > 0 ? 1 : 0;
    ctx.log(n);
  },
});
