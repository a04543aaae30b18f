// expect: failed
// says: promise jobs
strategy({ api: 1, name: "hostile", version: "1", timeframe: "1Min",
  onBar(bar, ctx) {
    for (let i = 0; i < 10100; i++) Promise.resolve(i).then(() => {});
  },
});
