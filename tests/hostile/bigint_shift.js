// expect: failed | killed memory | killed cpu
strategy({ api: 1, name: "hostile", version: "1", timeframe: "1Min",
  onBar(bar, ctx) {
    ctx.log(String(1n << 4000000000n).length);
  },
});
