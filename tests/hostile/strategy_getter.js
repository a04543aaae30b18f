// expect: failed
// says: is a getter
strategy({ get name() { return "x"; } });
