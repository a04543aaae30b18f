strategy({ api: 1, name: "temporary_buffers", version: "1", timeframe: "1Min",
  onBar(bar, ctx) {
    // 300 MB of garbage an event: none of it may be held.
    for (let i = 0; i < 300; i++) {
      const f = new Float64Array(131072);
      f[0] = i;
    }
  },
});
