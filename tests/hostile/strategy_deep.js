// expect: failed
// says: nests deeper
let a = 1;
for (let i = 0; i < 1000; i++) a = { a };
strategy({ api: 1, name: "x", version: "1", timeframe: "1Min", params: a });
