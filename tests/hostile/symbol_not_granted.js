// expect: failed
// says: may trade SPY alone
strategy({ api: 1, name: "hostile", version: "1", timeframe: "1Min",
  onBar(bar, ctx) {
    ctx.buy({ qty: 1, symbol: "TSLA" });
  },
});
