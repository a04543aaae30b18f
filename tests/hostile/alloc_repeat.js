// expect: killed memory | failed
strategy({ api: 1, name: "hostile", version: "1", timeframe: "1Min",
  onBar(bar, ctx) {
    ctx.log("x".repeat(2 ** 29).length);
    ctx.log("x".padStart(2 ** 30, "ab").length);
  },
});
