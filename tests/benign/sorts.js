strategy({ api: 1, name: "sorts", version: "1", timeframe: "1Min",
  onBar(bar, ctx) {
    const a = [];
    for (let i = 0; i < 5000; i++) a.push((i * 7919) % 5003);
    a.sort((x, y) => x - y);
    for (let i = 1; i < a.length; i++) if (a[i - 1] > a[i]) throw new Error("order");
    if ([3, 1, 2].toSorted().join() !== "1,2,3") throw new Error("sorted");
  },
});
