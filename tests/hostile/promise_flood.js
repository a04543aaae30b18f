// expect: failed
// says: promise jobs
strategy({ api: 1, name: "hostile", version: "1", timeframe: "1Min",
  onBar(bar, ctx) {
    function go() { return Promise.resolve().then(go); }
    go();
  },
});
