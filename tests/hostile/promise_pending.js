// expect: failed
// says: never comes
strategy({ api: 1, name: "x", version: "1", timeframe: "1Min",
  async onBar() { await new Promise(() => {}); },
});
