// expect: failed
// says: recursion
strategy({ api: 1, name: "hostile", version: "1", timeframe: "1Min",
  onBar(bar, ctx) {
    function f(n) { return f(n + 1) + 1; }
    f(0);
  },
});
