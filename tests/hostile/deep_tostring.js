// expect: failed | killed stack | done
strategy({ api: 1, name: "hostile", version: "1", timeframe: "1Min",
  onBar(bar, ctx) {
    const o = { toString() { return "" + this; } };
    ctx.log("" + o);
  },
});
