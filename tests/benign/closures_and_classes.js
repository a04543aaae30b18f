strategy({ api: 1, name: "closures_and_classes", version: "1", timeframe: "1Min",
  onBar(bar, ctx) {
    class Ring {
      #items = [];
      static limit = 50;
      push(x) { this.#items.push(x); if (this.#items.length > Ring.limit) this.#items.shift(); return this; }
      get mean() { return this.#items.reduce((a, b) => a + b, 0) / this.#items.length; }
    }
    this.ring ??= new Ring();
    for (let i = 0; i < 200; i++) this.ring.push(bar.close + i);
    ctx.log(this.ring.mean);
  },
});
