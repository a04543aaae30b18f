// expect: done
strategy({ api: 1, name: "hostile", version: "1", timeframe: "1Min",
  onBar(bar, ctx) {
    ctx.log({ toString() { for (;;) {} } }, new Proxy({}, { get() { for (;;) {} } }), Symbol("s"), 10n);
  },
});
