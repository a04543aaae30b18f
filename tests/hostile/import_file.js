// expect: failed
// says: import() and other
strategy({ api: 1, name: "hostile", version: "1", timeframe: "1Min",
  onBar(bar, ctx) {
    import("/etc/passwd").then((m) => ctx.log(m));
  },
});
