strategy({ api: 1, name: "typed_arrays", version: "1", timeframe: "1Min",
  onBar(bar, ctx) {
    const f = new Float64Array(10000);
    for (let i = 0; i < f.length; i++) f[i] = i / 3;
    const b = new Uint8Array(f.buffer, 0, 16);
    if (b.length !== 16 || f.subarray(1, 3).length !== 2) throw new Error("typed");
    f.sort();
    new DataView(f.buffer).setInt32(0, 7, true);
  },
});
