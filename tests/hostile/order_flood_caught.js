// expect: failed
// says: more than 64 orders
strategy({ api: 1, name: "hostile", version: "1", timeframe: "1Min",
  onBar(bar, ctx) {
    for (let i = 0; i < 1000; i++) try { ctx.buy({ qty: 1 }); } catch (e) {}
  },
});
