// expect: failed
// says: is a getter
strategy({ api: 1, name: "hostile", version: "1", timeframe: "1Min",
  onBar(bar, ctx) {
    ctx.buy({ get qty() { for (;;) {} } });
  },
});
