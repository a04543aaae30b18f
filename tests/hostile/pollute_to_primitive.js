// expect: failed
// says: qty is a number, and not an object
Number.prototype.valueOf = () => 5;
Object.prototype[Symbol.toPrimitive] = () => 5;
strategy({ api: 1, name: "hostile", version: "1", timeframe: "1Min",
  onBar(bar, ctx) {
    ctx.buy({ qty: {} });
  },
});
