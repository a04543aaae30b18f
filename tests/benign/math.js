strategy({ api: 1, name: "math", version: "1", timeframe: "1Min",
  onBar(bar, ctx) {
    let x = 0;
    for (let i = 1; i < 20000; i++) x += Math.sin(i) * Math.cos(i) + Math.log(i) + Math.exp(-i) + Math.pow(i, 0.5) + Math.hypot(i, 1);
    if (!Number.isFinite(x)) throw new Error("math");
    const r = Math.random();
    if (!(r >= 0 && r < 1)) throw new Error("random");
    ctx.log(x, (1234.5678).toFixed(2), (0.1 + 0.2).toPrecision(3), parseFloat("1.5e3"));
  },
});
