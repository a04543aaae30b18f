strategy({ api: 1, name: "maps_and_sets", version: "1", timeframe: "1Min",
  onBar(bar, ctx) {
    const m = new Map();
    for (let i = 0; i < 5000; i++) m.set("k" + (i % 100), (m.get("k" + (i % 100)) || 0) + 1);
    if (m.size !== 100 || m.get("k7") !== 50) throw new Error("map");
    if (new Set([1, 1, 2]).size !== 2) throw new Error("set");
    const w = new WeakMap();
    w.set(m, 1);
    if (w.get(m) !== 1) throw new Error("weak");
  },
});
