// expect: failed
// says: nests deeper
const a = {};
a.a = a;
strategy({ api: 1, name: "x", version: "1", timeframe: "1Min", params: a });
