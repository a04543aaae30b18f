// expect: failed
// says: setTimeout is not defined
strategy({ api: 1, name: "hostile", version: "1", timeframe: "1Min",
  onBar(bar, ctx) {
    setTimeout(() => ctx.buy({ qty: 1 }), 0);
  },
});
