// expect: failed
strategy({ api: 1, name: "hostile", version: "1", timeframe: "1Min",
  onBar(bar, ctx) {
    with (ctx) { log(1); }
    debugger;
    undefinedThing;
  },
});
