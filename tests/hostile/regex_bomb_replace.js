// expect: killed cpu | failed
strategy({ api: 1, name: "hostile", version: "1", timeframe: "1Min",
  onBar(bar, ctx) {
    "a".repeat(40).replace(/(a*)*b/g, "x");
  },
});
