// expect: failed
// says: hand in a plain object
strategy(new Proxy({}, { ownKeys() { for (;;) {} } }));
