strategy({ api: 1, name: "regex", version: "1", timeframe: "1Min",
  onBar(bar, ctx) {
    const m = /(\d{4})-(\d{2})-(\d{2})/.exec("on 2013-10-07 at noon");
    if (m[3] !== "07") throw new Error("match");
    if ("a,b;c".split(/[,;]/).length !== 3) throw new Error("split");
    if ("x1y22".replace(/\d+/g, (d) => "<" + d + ">") !== "x<1>y<22>") throw new Error("replace");
  },
});
