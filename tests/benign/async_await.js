strategy({ api: 1, name: "async", version: "1", timeframe: "1Min",
  async onBar(bar, ctx) {
    const values = await Promise.all([1, 2, Promise.resolve(3)]);
    if (values.join() !== "1,2,3") throw new Error("all");
    try { await Promise.reject(new Error("expected")); } catch (e) { ctx.log(e.message); }
    ctx.buy({ qty: 1, tag: "after await" });
  },
});
