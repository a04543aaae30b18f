// expect: failed
// says: bytes of log
strategy({ api: 1, name: "hostile", version: "1", timeframe: "1Min",
  onBar(bar, ctx) {
    const quotes = "\u{1}\"\\".repeat(30);
    for (let i = 0; i < 10000; i++) ctx.log(quotes);
  },
});
