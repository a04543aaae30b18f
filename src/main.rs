//! The program: it parses, calls and prints; everything else lives in the library.

fn main() {}
