// expect: failed
// says: bytes of log
strategy({ api: 1, name: "hostile", version: "1", timeframe: "1Min",
  onBar(bar, ctx) {
    for (let i = 0; i < 100000; i++) ctx.log("flood", i);
  },
});
