// expect: killed memory | killed cpu | failed
strategy({ api: 1, name: "hostile", version: "1", timeframe: "1Min",
  onBar(bar, ctx) {
    this.m = this.m || new Map();
    for (let i = 0; i < 900000; i++) this.m.set("key" + i, { i });
  },
});
