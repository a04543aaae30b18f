// expect: failed
// says: qty is NaN
strategy({ api: 1, name: "hostile", version: "1", timeframe: "1Min",
  onBar(bar, ctx) {
    ctx.buy({ qty: NaN });
  },
});
