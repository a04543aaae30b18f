// expect: failed
// says: Error:
strategy({ api: 1, name: "hostile", version: "1", timeframe: "1Min",
  onBar(bar, ctx) {
    const e = new Error("x");
    Object.defineProperty(e, "message", { get() { for (;;) {} } });
    Object.defineProperty(e, "name", { get() { for (;;) {} } });
    Object.defineProperty(e, "stack", { get() { for (;;) {} } });
    throw e;
  },
});
