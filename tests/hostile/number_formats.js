// expect: failed | done
strategy({ api: 1, name: "hostile", version: "1", timeframe: "1Min",
  onBar(bar, ctx) {
    (1e21).toFixed(100); (0.1).toPrecision(100); (123.456).toString(36); (1).toFixed(101);
  },
});
