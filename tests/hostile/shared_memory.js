// expect: failed
// says: SharedArrayBuffer is not defined
strategy({ api: 1, name: "hostile", version: "1", timeframe: "1Min",
  onBar(bar, ctx) {
    new SharedArrayBuffer(8);
  },
});
