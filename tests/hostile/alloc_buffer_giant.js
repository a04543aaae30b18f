// expect: failed
// says: RangeError
strategy({ api: 1, name: "hostile", version: "1", timeframe: "1Min",
  onBar(bar, ctx) {
    new ArrayBuffer(2 ** 31);
  },
});
