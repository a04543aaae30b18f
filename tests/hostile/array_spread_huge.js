// expect: failed | killed memory | killed cpu
strategy({ api: 1, name: "hostile", version: "1", timeframe: "1Min",
  onBar(bar, ctx) {
    const a = [...new Array(50000000)];
    ctx.log(a.length);
  },
});
