// expect: failed | killed stack
strategy({ api: 1, name: "hostile", version: "1", timeframe: "1Min",
  onBar(bar, ctx) {
    function f() { return [1].map(f); }
    f();
  },
});
