// expect: failed
// says: stop is NaN
strategy({ api: 1, name: "hostile", version: "1", timeframe: "1Min",
  onBar(bar, ctx) {
    try { ctx.buy({ qty: 1, stop: NaN }); } catch (e) {}
    ctx.buy({ qty: 1 });
  },
});
