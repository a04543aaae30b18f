// expect: killed memory | failed
strategy({ api: 1, name: "hostile", version: "1", timeframe: "1Min",
  onBar(bar, ctx) {
    let s = "x".repeat(1000);
    for (let i = 0; i < 40; i++) s += s;
    ctx.log(s.length);
  },
});
