// expect: killed memory | killed cpu
strategy({ api: 1, name: "hostile", version: "1", timeframe: "1Min",
  onBar(bar, ctx) {
    let f = () => 0;
    for (let k = 0; k < 20; k++) (() => { for (let i = 0; i < 900000; i++) { const g = f; f = () => g; } })();
  },
});
