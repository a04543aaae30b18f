//! Floor 3: what a backtest found, as one page that stands by itself.
//!
//! Duty: plain facts in, one HTML text out: figures, curves, trades, refusals and the terms under which
//! orders filled. No script, nothing fetched from elsewhere, the same bytes for the same facts. Knows nothing
//! of files, of clocks, and of how a backtest is run.

/// Scales, axes and paths of a picture.
mod chart;
/// Equity, and the fall from its peak below it.
mod equity;
/// What a page is told.
pub mod facts;
/// Amounts and ratios as a reader sees them.
mod figures;
/// How often trades made which multiple of their risk.
mod histogram;
/// The returns of the months, year by year.
mod months;
/// The page, put together.
pub mod page;
/// One symbol's closes with the trades in them.
mod prices;
/// How the page looks: on a screen by day and by night, and on paper.
mod style;
/// Under which terms orders filled, in sentences.
mod terms;
/// Text from outside, made harmless.
mod text;
/// Instants on a line without the nights.
mod timeline;
/// Every trade with all of its columns.
mod trades;
