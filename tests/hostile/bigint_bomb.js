// expect: failed | killed cpu | killed memory
strategy({ api: 1, name: "hostile", version: "1", timeframe: "1Min",
  onBar(bar, ctx) {
    let x = 3n;
    for (let i = 0; i < 40; i++) x = x * x;
  },
});
