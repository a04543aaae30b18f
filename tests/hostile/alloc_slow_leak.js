// expect: killed memory | failed
strategy({ api: 1, name: "hostile", version: "1", timeframe: "1Min",
  onBar(bar, ctx) {
    this.leak = this.leak || [];
    for (let i = 0; i < 12; i++) this.leak.push("y".repeat(8000000 + i));
  },
});
