// expect: failed
// says: belongs to another symbol
const all = [];
strategy({ api: 1, name: "x", version: "1", timeframe: "1Min",
  init(ctx) { all.push(ctx); },
  onBar() { all[1].buy({ qty: 1 }); },
});
