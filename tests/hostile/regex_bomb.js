// expect: killed cpu | failed
strategy({ api: 1, name: "hostile", version: "1", timeframe: "1Min",
  onBar(bar, ctx) {
    /^(a+)+$/.test("a".repeat(60) + "!");
  },
});
