// expect: failed | killed memory | killed cpu
strategy({ api: 1, name: "hostile", version: "1", timeframe: "1Min",
  onBar(bar, ctx) {
    new Array(2 ** 32 - 1).fill(0);
  },
});
