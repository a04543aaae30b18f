// expect: killed cpu | failed
strategy({ api: 1, name: "hostile", version: "1", timeframe: "1Min",
  onBar(bar, ctx) {
    function spin() { for (let i = 0; i < 900000; i++) {} }
    for (let i = 0; i < 900000; i++) spin();
  },
});
