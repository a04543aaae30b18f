strategy({ api: 1, name: "json_batches", version: "1", timeframe: "1Min",
  onBar(bar, ctx) {
    for (let i = 0; i < 40; i++) {
      const rows = Array.from({ length: 50 }, (_, k) => ({ k, text: "row " + k, nested: [1, 2, { a: null }] }));
      if (JSON.parse(JSON.stringify(rows)).length !== 50) throw new Error("lost rows");
    }
  },
});
