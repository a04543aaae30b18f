// expect: failed
// says: above zero
strategy({ api: 1, name: "hostile", version: "1", timeframe: "1Min",
  onBar(bar, ctx) {
    ctx.buy({ qty: 1e-12 });
  },
});
