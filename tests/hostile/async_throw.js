// expect: failed
// says: Error: late
strategy({ api: 1, name: "x", version: "1", timeframe: "1Min",
  async onBar(bar, ctx) { await null; ctx.buy({ qty: 1 }); throw new Error("late"); },
});
