// expect: failed
// says: never calls strategy
const x = 1;
