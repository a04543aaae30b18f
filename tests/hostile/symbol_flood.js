// expect: killed cpu | killed memory | failed | done
strategy({ api: 1, name: "hostile", version: "1", timeframe: "1Min",
  onBar(bar, ctx) {
    for (let i = 0; i < 900000; i++) Symbol.for("s" + i);
  },
});
