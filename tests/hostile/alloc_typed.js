// expect: failed | killed memory
strategy({ api: 1, name: "hostile", version: "1", timeframe: "1Min",
  onBar(bar, ctx) {
    this.a = [];
    for (let i = 0; i < 900; i++) this.a.push(new Float64Array(1000000));
  },
});
