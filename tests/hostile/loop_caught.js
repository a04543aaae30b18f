// expect: failed
// says: loop limit
strategy({ api: 1, name: "hostile", version: "1", timeframe: "1Min",
  onBar(bar, ctx) {
    try { while (true) {} } catch (e) { while (true) {} } finally { ctx.buy({ qty: 1 }); }
  },
});
