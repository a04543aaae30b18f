// expect: failed
// says: control character
strategy({ api: 1, name: "hostile", version: "1", timeframe: "1Min",
  onBar(bar, ctx) {
    ctx.buy({ qty: 1, tag: "\u001b[2J" });
  },
});
