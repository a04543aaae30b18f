// expect: killed cpu | killed memory | failed
strategy({ api: 1, name: "hostile", version: "1", timeframe: "1Min",
  onBar(bar, ctx) {
    const it = { [Symbol.iterator]() { return { next() { return { done: false, value: 1 }; } }; } };
    new Set(it);
  },
});
