// expect: failed | done | killed cpu
strategy({ api: 1, name: "hostile", version: "1", timeframe: "1Min",
  onBar(bar, ctx) {
    "\u0130".repeat(100000).toLocaleLowerCase("tr").normalize("NFKD").localeCompare("x");
    "x".repeat(100000).localeCompare("y");
  },
});
