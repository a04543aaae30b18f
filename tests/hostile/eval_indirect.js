// expect: failed
// says: eval and new Function are shut
strategy({ api: 1, name: "hostile", version: "1", timeframe: "1Min",
  onBar(bar, ctx) {
    (0, eval)("ctx");
  },
});
