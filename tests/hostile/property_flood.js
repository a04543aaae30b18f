// expect: killed cpu | killed memory | failed
strategy({ api: 1, name: "hostile", version: "1", timeframe: "1Min",
  onBar(bar, ctx) {
    this.o = this.o || {};
    for (let i = 0; i < 900000; i++) this.o["p" + bar.time + i] = i;
  },
});
