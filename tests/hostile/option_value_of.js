// expect: failed
// says: not an object
strategy({ api: 1, name: "hostile", version: "1", timeframe: "1Min",
  onBar(bar, ctx) {
    ctx.buy({ qty: { valueOf() { for (;;) {} } } });
  },
});
