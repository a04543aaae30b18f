// expect: failed | killed cpu
strategy({ api: 1, name: "hostile", version: "1", timeframe: "1Min",
  onBar(bar, ctx) {
    function* g() { for (;;) yield 1; }
    for (const x of g()) {}
  },
});
