// expect: failed
// says: cannot set non-writable
"use strict";
strategy = () => {};
