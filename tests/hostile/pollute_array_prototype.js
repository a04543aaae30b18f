// expect: done
Array.prototype.map = Array.prototype.join = Array.prototype.push = () => { throw new Error("no"); };
String.prototype.split = Function.prototype.call = Function.prototype.apply = null;
strategy({ api: 1, name: "hostile", version: "1", timeframe: "1Min",
  onBar(bar, ctx) {
    ctx.log("still here");
  },
});
