//! Every indicator on SPY's bundled week, against what another library says of the same bars.
//!
//! `tests/references/make.py` tells where the values came from: TA-Lib, and two written out by their definitions.

use crate::indicators::atr::{Atr, TrueRange};
use crate::indicators::bbands::Bollinger;
use crate::indicators::ema::Ema;
use crate::indicators::extremes::{Highest, Lowest};
use crate::indicators::macd::Macd;
use crate::indicators::rma::Rma;
use crate::indicators::rsi::Rsi;
use crate::indicators::sma::Sma;
use crate::indicators::stdev::Stdev;
use crate::indicators::stoch::Stoch;
use crate::indicators::vwap::Vwap;
use crate::indicators::wma::Wma;

const BARS: &str = include_str!("../../data/bars-1min-2013-10-07_11.csv");
const REFERENCES: &str = include_str!("../../tests/references/indicators.csv");
/// How far off a value may be, as a part of it.
const WITHIN: f64 = 1e-9;
const NAMES: [&str; 19] = [
    "sma",
    "ema",
    "wma",
    "rma",
    "rsi",
    "stdev",
    "highest",
    "lowest",
    "tr",
    "atr",
    "vwap",
    "macd",
    "signal",
    "histogram",
    "upper",
    "middle",
    "lower",
    "k",
    "d",
];

/// What ours say on every bar, in the order of the names.
fn ours() -> Vec<[f64; 19]> {
    let (mut sma, mut ema, mut wma, mut rma) = (Sma::new(20), Ema::new(20), Wma::new(20), Rma::new(14));
    let (mut rsi, mut stdev, mut highest, mut lowest) =
        (Rsi::new(14), Stdev::new(20), Highest::new(20), Lowest::new(20));
    let (mut tr, mut atr, mut vwap) = (TrueRange::default(), Atr::new(14), Vwap::default());
    let (mut macd, mut bands, mut stoch) =
        (Macd::new(12, 26, 9), Bollinger::new(20, 2.0), Stoch::new(14, 3, 3));
    let spy = BARS.lines().filter(|line| line.split(',').nth(1) == Some("SPY"));
    spy.map(|line| {
        let fields: Vec<&str> = line.split(',').collect();
        let [high, low, close, volume] = [3, 4, 5, 6].map(|at: usize| fields[at].parse::<f64>().unwrap());
        let day = fields[0][..10].parse().unwrap();
        let (lines, band) = (macd.update(close), bands.update(close));
        let oscillator = stoch.update(high, low, close);
        [
            sma.update(close),
            ema.update(close),
            wma.update(close),
            rma.update(close),
            rsi.update(close),
            stdev.update(close),
            highest.update(high),
            lowest.update(low),
            tr.update(high, low, close),
            atr.update(high, low, close),
            vwap.update(day, (high + low + close) / 3.0, volume),
            lines.macd,
            lines.signal,
            lines.histogram,
            band.upper,
            band.middle,
            band.lower,
            oscillator.k,
            oscillator.d,
        ]
    })
    .collect()
}

#[test]
fn every_indicator_agrees_with_another_library_once_it_is_warm() {
    let ours = ours();
    let mut rows = REFERENCES.lines();
    let header: Vec<&str> = rows.next().unwrap().split(',').skip(1).collect();
    assert_eq!(header, NAMES);
    let mut compared = 0;
    for row in rows {
        let mut fields = row.split(',');
        let at: usize = fields.next().unwrap().parse().unwrap();
        for ((name, theirs), own) in NAMES.iter().zip(fields).zip(ours[at]) {
            let theirs: f64 = theirs.parse().unwrap();
            let off = (own - theirs).abs() / theirs.abs().max(1.0);
            assert!(off <= WITHIN, "{name} on bar {at}: {own} and not {theirs}");
            compared += 1;
        }
    }
    assert!(compared > 700, "only {compared} values");
}
