//! Floor 1: technical indicators by the definitions of TradingView's Pine.
//!
//! Duty: take one bar's numbers at a time as `f64` and give the indicator's value as `f64`, NaN until
//! enough bars were seen. The definitions are those of the Pine language reference; where a library
//! differs (TA-Lib starts its MACD elsewhere, others smooth RSI by an EMA) Pine wins. Knows nothing of
//! scripts, screens, orders or where bars come from. Nothing here is money: the one way back into exact
//! prices is `Atr::price`.
//!
//! Common to all: a length of 0 counts as 1; an input that is not finite is passed over and leaves the
//! value as it was, as Pine passes over `na`.

/// True range and average true range.
pub mod atr;
/// Bollinger bands.
pub mod bbands;
/// Crossover and crossunder.
pub mod cross;
/// The exponential moving average.
pub mod ema;
/// The highest and the lowest of the last values.
pub mod extremes;
/// Moving average convergence and divergence.
pub mod macd;
/// All of them against another library's values.
#[cfg(test)]
mod references;
/// Wilder's moving average.
pub mod rma;
/// The relative strength index.
pub mod rsi;
/// The simple moving average.
pub mod sma;
/// The population's standard deviation.
pub mod stdev;
/// The stochastic oscillator.
pub mod stoch;
/// Sums of decimals without drift.
mod sums;
/// The session's volume-weighted average price.
pub mod vwap;
/// The linearly weighted moving average.
pub mod wma;
