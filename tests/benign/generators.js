strategy({ api: 1, name: "generators", version: "1", timeframe: "1Min",
  onBar(bar, ctx) {
    function* fib() { let [a, b] = [0, 1]; for (;;) { yield a; [a, b] = [b, a + b]; } }
    const out = [];
    for (const x of fib()) { if (x > 1e6) break; out.push(x); }
    if (out.length !== 31) throw new Error("fib " + out.length);
    const { a, ...rest } = { a: 1, b: 2, c: 3 };
    ctx.log(Object.keys(rest).join(), a);
  },
});
