// expect: failed
// says: at most 64
strategy({ api: 1, name: "hostile", version: "1", timeframe: "1Min",
  onBar(bar, ctx) {
    ctx.buy({ qty: 1, tag: "x".repeat(1000000) });
  },
});
