// expect: killed memory | killed cpu | failed
strategy({ api: 1, name: "hostile", version: "1", timeframe: "1Min",
  onBar(bar, ctx) {
    this.a = this.a || [];
    for (let i = 0; i < 900; i++) this.a.push(new Array(100000).fill(i));
  },
});
