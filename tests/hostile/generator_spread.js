// expect: failed | killed cpu | killed memory
strategy({ api: 1, name: "hostile", version: "1", timeframe: "1Min",
  onBar(bar, ctx) {
    function* g() { for (;;) yield 1; }
    ctx.log([...g()].length);
  },
});
