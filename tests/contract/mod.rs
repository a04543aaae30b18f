//! The contract that every venue keeps: each case is written once, and runs on the exchange inside this process
//! and on an exchange on loopback that is spoken to as Alpaca is.

mod account;
mod brackets;
mod ground;
mod hours;
mod kill;
mod line;
mod orders;
mod stage;
mod stops;
mod wish;

/// The two venues that a case runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum On {
    /// The exchange in this process: it answers before the call returns.
    Embedded,
    /// The exchange behind sockets, spoken to in Alpaca's words: it answers when it does.
    Loopback,
}

/// Makes two tests of each case, one on each venue, so that a failure names the venue that it is of.
macro_rules! on_both_venues {
    ($($case:ident)*) => {
        $(
            mod $case {
                use crate::contract::On;

                #[test]
                fn embedded() {
                    super::$case(On::Embedded);
                }

                #[test]
                fn loopback() {
                    super::$case(On::Loopback);
                }
            }
        )*
    };
}

use on_both_venues;
