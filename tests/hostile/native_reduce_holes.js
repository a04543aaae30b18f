// expect: killed cpu
strategy({ api: 1, name: "hostile", version: "1", timeframe: "1Min",
  onBar(bar, ctx) {
    Array.prototype.lastIndexOf.call({ length: 2 ** 53 - 1 }, 1);
  },
});
