// expect: failed | killed stack | killed cpu
strategy({ api: 1, name: "hostile", version: "1", timeframe: "1Min",
  onBar(bar, ctx) {
    let a = [];
    for (let i = 0; i < 200000; i++) a = [a];
    JSON.stringify(a);
  },
});
