use sha2::{Digest, Sha256};

use crate::domain::at::At;
use crate::domain::market::{Bar, Quote, Tick};
use crate::domain::price::Price;
use crate::domain::qty::Qty;
use crate::domain::symbol::Symbol;

const BAR: u8 = 1;
const QUOTE: u8 = 2;

/// The longest tick, in bytes.
pub(super) const TICK_BYTES_MAX: usize = 3 + 7 * 8;

/// The symbols of a run; a tick names its own by its place here.
#[derive(Debug, Clone)]
pub(super) struct Packing(Vec<Symbol>);

impl Packing {
    /// For ticks of these symbols.
    pub(super) fn of(symbols: Vec<Symbol>) -> Self {
        Self(symbols)
    }

    /// Puts a tick behind `bytes`. A trade, which no recorded file has, and a tick of a foreign symbol
    /// cannot be packed: `false`.
    pub(super) fn pack(&self, tick: &Tick, bytes: &mut Vec<u8>) -> bool {
        let symbol = tick.symbol();
        let Some(place) = self.0.iter().position(|known| *known == symbol) else { return false };
        let Ok(place) = u16::try_from(place) else { return false };
        let (kind, numbers) = match tick {
            Tick::Bar(bar) => (
                BAR,
                [
                    bar.start.nanos(),
                    bar.end.nanos(),
                    bar.open.nanos(),
                    bar.high.nanos(),
                    bar.low.nanos(),
                    bar.close.nanos(),
                    bar.volume.nanos(),
                ],
            ),
            Tick::Quote(quote) => (
                QUOTE,
                [
                    quote.at.nanos(),
                    quote.bid.nanos(),
                    quote.bid_qty.nanos(),
                    quote.ask.nanos(),
                    quote.ask_qty.nanos(),
                    0,
                    0,
                ],
            ),
            Tick::Trade(_) => return false,
        };
        bytes.push(kind);
        bytes.extend_from_slice(&place.to_le_bytes());
        for number in numbers {
            bytes.extend_from_slice(&number.to_le_bytes());
        }
        true
    }

    /// The ticks of a whole frame, one by one.
    ///
    /// # Errors
    /// Bytes that are no ticks.
    pub(super) fn unpack<'frame>(
        &'frame self,
        frame: &'frame [u8],
    ) -> impl Iterator<Item = Result<Tick, String>> + 'frame {
        frame.chunks(TICK_BYTES_MAX).map(|bytes| self.tick(bytes).ok_or_else(|| "no tick".to_owned()))
    }

    fn tick(&self, bytes: &[u8]) -> Option<Tick> {
        let (kind, rest) = bytes.split_first()?;
        let (place, rest) = rest.split_first_chunk::<2>()?;
        let symbol = *self.0.get(usize::from(u16::from_le_bytes(*place)))?;
        let mut numbers = [0_i64; 7];
        let mut rest = rest;
        for number in &mut numbers {
            let (bytes, after) = rest.split_first_chunk::<8>()?;
            *number = i64::from_le_bytes(*bytes);
            rest = after;
        }
        let price = Price::from_nanos;
        match (*kind, numbers) {
            (BAR, [start, end, open, high, low, close, volume]) => Some(Tick::Bar(Bar {
                symbol,
                start: At::from_nanos(start),
                end: At::from_nanos(end),
                open: price(open),
                high: price(high),
                low: price(low),
                close: price(close),
                volume: Qty::from_nanos(volume),
            })),
            (QUOTE, [at, bid, bid_qty, ask, ask_qty, _, _]) => Some(Tick::Quote(Quote {
                symbol,
                at: At::from_nanos(at),
                bid: price(bid),
                bid_qty: Qty::from_nanos(bid_qty),
                ask: price(ask),
                ask_qty: Qty::from_nanos(ask_qty),
            })),
            _ => None,
        }
    }
}

/// One row on its way to the journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PackedRow<'frame> {
    pub(super) seq: u64,
    pub(super) at: At,
    pub(super) kind: &'frame str,
    pub(super) body: &'frame str,
}

/// Puts a row behind `bytes`, its body as `write` puts it there. A body beyond four gibibytes would be cut; none comes
/// near it.
///
/// # Errors
/// That of `write`: then `bytes` are as they were.
pub(super) fn pack_row<E>(
    bytes: &mut Vec<u8>,
    (seq, at, kind): (u64, At, &str),
    write: impl FnOnce(&mut Vec<u8>) -> Result<(), E>,
) -> Result<(), E> {
    let before = bytes.len();
    bytes.extend_from_slice(&seq.to_le_bytes());
    bytes.extend_from_slice(&at.nanos().to_le_bytes());
    bytes.extend_from_slice(&(kind.len() as u32).to_le_bytes());
    bytes.extend_from_slice(kind.as_bytes());
    let length_at = bytes.len();
    bytes.extend_from_slice(&[0; 4]);
    let body_at = bytes.len();
    if let Err(fault) = write(bytes) {
        bytes.truncate(before);
        return Err(fault);
    }
    let length = (bytes.len() - body_at) as u32;
    if let Some(place) = bytes.get_mut(length_at..body_at) {
        place.copy_from_slice(&length.to_le_bytes());
    }
    Ok(())
}

/// The rows of a whole frame, one by one; it ends with the first that is none.
#[derive(Debug)]
pub(super) struct PackedRows<'frame>(&'frame [u8]);

impl<'frame> PackedRows<'frame> {
    /// The rows in these bytes.
    pub(super) const fn over(bytes: &'frame [u8]) -> Self {
        Self(bytes)
    }

    fn row(&mut self) -> Option<PackedRow<'frame>> {
        let (seq, rest) = self.0.split_first_chunk::<8>()?;
        let (at, rest) = rest.split_first_chunk::<8>()?;
        let (kind, rest) = text(rest)?;
        let (body, rest) = text(rest)?;
        self.0 = rest;
        let (seq, at) = (u64::from_le_bytes(*seq), At::from_nanos(i64::from_le_bytes(*at)));
        Some(PackedRow { seq, at, kind, body })
    }
}

fn text(bytes: &[u8]) -> Option<(&str, &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    let (text, rest) = rest.split_at_checked(usize::try_from(u32::from_le_bytes(*length)).ok()?)?;
    Some((std::str::from_utf8(text).ok()?, rest))
}

impl<'frame> Iterator for PackedRows<'frame> {
    type Item = Result<PackedRow<'frame>, String>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let row = self.row();
        if row.is_none() {
            self.0 = &[];
        }
        Some(row.ok_or_else(|| "a row that is none".to_owned()))
    }
}

/// The hash of a run's data, as it is packed.
#[derive(Debug)]
pub(super) struct DataHash {
    hasher: Sha256,
    ticks: u64,
}

impl DataHash {
    /// Before the first tick of these symbols.
    pub(super) fn new(symbols: &[Symbol]) -> Self {
        let mut hasher = Sha256::new();
        for symbol in symbols {
            hasher.update(symbol.as_str().as_bytes());
            hasher.update([0]);
        }
        Self { hasher, ticks: 0 }
    }

    /// Takes packed ticks.
    pub(super) fn add(&mut self, packed: &[u8]) {
        self.hasher.update(packed);
        self.ticks += (packed.len() / TICK_BYTES_MAX) as u64;
    }

    /// The body of the row that names the data.
    pub(super) fn body(self) -> String {
        let hex: String = self.hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        format!("{{\"ticks\":{},\"sha256\":\"{hex}\"}}", self.ticks)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_come_back_and_a_cut_one_does_not() {
        let rows = [("event", "\"clock\""), ("quiet", "")].map(|(kind, body)| PackedRow {
            seq: 7,
            at: At::from_seconds(1),
            kind,
            body,
        });
        let mut bytes = Vec::new();
        for row in &rows {
            let head = (row.seq, row.at, row.kind);
            let whole: Result<(), ()> = pack_row(&mut bytes, head, |bytes| {
                bytes.extend_from_slice(row.body.as_bytes());
                Ok(())
            });
            whole.unwrap();
            let cut = pack_row(&mut bytes, head, |bytes| {
                bytes.extend_from_slice(b"half a body");
                Err(())
            });
            assert_eq!(cut, Err(()), "and nothing of it stays");
        }
        let back: Result<Vec<PackedRow<'_>>, String> = PackedRows::over(&bytes).collect();
        assert_eq!(back.unwrap(), rows);
        let cut = bytes.get(..bytes.len() - 1).unwrap();
        assert!(PackedRows::over(cut).last().unwrap().is_err());
    }

    #[test]
    fn ticks_come_back_and_damaged_ones_do_not() {
        let (spy, ibm): (Symbol, Symbol) = ("SPY".parse().unwrap(), "IBM".parse().unwrap());
        let packing = Packing::of(vec![ibm, spy]);
        let cents = Price::from_cents;
        let bar = Tick::Bar(Bar {
            symbol: spy,
            start: At::from_seconds(60),
            end: At::from_seconds(120),
            open: cents(1),
            high: cents(4),
            low: cents(2),
            close: cents(3),
            volume: Qty::shares(5),
        });
        let quote = Tick::Quote(Quote {
            symbol: ibm,
            at: At::from_seconds(120),
            bid: cents(1),
            bid_qty: Qty::shares(2),
            ask: cents(3),
            ask_qty: Qty::shares(4),
        });
        let mut bytes = Vec::new();
        assert!(packing.pack(&bar, &mut bytes) && packing.pack(&quote, &mut bytes));
        let back: Result<Vec<Tick>, String> = packing.unpack(&bytes).collect();
        assert_eq!(back.unwrap(), [bar, quote]);
        assert!(!Packing::of(vec![ibm]).pack(&bar, &mut bytes), "a foreign symbol");
        bytes.pop();
        assert!(packing.unpack(&bytes).last().unwrap().is_err(), "a cut tick");
        bytes[0] = 9;
        assert!(packing.unpack(&bytes).next().unwrap().is_err(), "an unknown kind");
    }
}
