// expect: failed
// says: qty is a number, and not a text
strategy({ api: 1, name: "hostile", version: "1", timeframe: "1Min",
  onBar(bar, ctx) {
    ctx.buy({ qty: "100" });
  },
});
