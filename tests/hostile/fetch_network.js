// expect: failed
// says: fetch is not defined
strategy({ api: 1, name: "hostile", version: "1", timeframe: "1Min",
  onBar(bar, ctx) {
    fetch("http://127.0.0.1:1");
  },
});
