// expect: failed
// says: TypeError: after
strategy({ api: 1, name: "hostile", version: "1", timeframe: "1Min",
  onBar(bar, ctx) {
    globalThis.late = globalThis.late || [];
    late.push(ctx);
    if (late.length > 1) { new Promise((_, no) => no(new TypeError("after"))); ctx.buy({ qty: 1 }); }
  },
});
