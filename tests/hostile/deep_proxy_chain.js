// expect: failed | killed stack | killed cpu | done
strategy({ api: 1, name: "hostile", version: "1", timeframe: "1Min",
  onBar(bar, ctx) {
    let p = {};
    for (let i = 0; i < 100000; i++) p = new Proxy(p, {});
    p.x;
  },
});
