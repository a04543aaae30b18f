// expect: done
strategy({ api: 1, name: "hostile", version: "1", timeframe: "1Min",
  onBar(bar, ctx) {
    // Frozen, it still shows the newest bar: its numbers are read from the host, and none is kept in it.
    if (this.last === bar.time) throw new Error("the bar stands still");
    this.last = bar.time;
    Object.freeze(bar);
    Object.freeze(ctx);
    bar.close = 1;
    if (bar.close === 1) throw new Error("the bar was overwritten");
  },
});
