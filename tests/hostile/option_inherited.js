// expect: failed
// says: exactly one of qty
strategy({ api: 1, name: "hostile", version: "1", timeframe: "1Min",
  onBar(bar, ctx) {
    ctx.buy(Object.create({ qty: 1 }));
  },
});
