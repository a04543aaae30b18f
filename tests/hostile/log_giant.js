// expect: failed
// says: bytes of log
strategy({ api: 1, name: "hostile", version: "1", timeframe: "1Min",
  onBar(bar, ctx) {
    ctx.log("x".repeat(500000));
  },
});
