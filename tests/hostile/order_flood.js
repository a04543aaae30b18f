// expect: failed
// says: more than 64 orders
strategy({ api: 1, name: "hostile", version: "1", timeframe: "1Min",
  onBar(bar, ctx) {
    for (let i = 0; i < 65; i++) ctx.buy({ qty: 1 });
  },
});
