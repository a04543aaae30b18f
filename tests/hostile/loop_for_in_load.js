// expect: failed
// says: loop limit
for (;;) {}
