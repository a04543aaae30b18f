// expect: killed memory | failed | killed cpu
strategy({ api: 1, name: "hostile", version: "1", timeframe: "1Min",
  onBar(bar, ctx) {
    let a = new Array(1000).fill(1);
    for (let i = 0; i < 30; i++) a = a.concat(a);
  },
});
