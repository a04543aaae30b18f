strategy({ api: 1, name: "dates", version: "1", timeframe: "1Min",
  onBar(bar, ctx) {
    const d = new Date(bar.time);
    if (d.toISOString().slice(0, 10) !== "2013-10-07") throw new Error(d.toISOString());
    if (Date.now() !== bar.time + 60000) throw new Error("clock");
    if (d.getTimezoneOffset() !== 0 || d.getHours() !== d.getUTCHours()) throw new Error("zone");
    ctx.log(d.toString(), d.toLocaleDateString(), Date.parse("2013-10-07T13:30:00Z"));
  },
});
