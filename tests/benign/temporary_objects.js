strategy({ api: 1, name: "temporary_objects", version: "1", timeframe: "1Min",
  onBar(bar, ctx) {
    let last = null;
    for (let i = 0; i < 100000; i++) last = { i, text: "t" + i, list: [i] };
    ctx.log(last.i);
  },
});
