use thiserror::Error;

/// Why market data was refused. Nothing of the file was used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum FeedFault {
    /// The first line names other columns.
    #[error("{file}:1: the header is {found:?}; it must be \"{expected}\"")]
    Header {
        /// The file's name as it was given.
        file: String,
        /// Its first line.
        found: String,
        /// The line it should be.
        expected: &'static str,
    },
    /// A row that cannot be taken.
    #[error("{file}:{line}: {fault}; nothing of the file was used")]
    Row {
        /// The file's name as it was given.
        file: String,
        /// The line, the header being line 1.
        line: usize,
        /// What is wrong with it.
        fault: RowFault,
    },
    /// Nothing but a header, or not even that.
    #[error("{file}: it holds no rows; give a file with at least one row below its header")]
    Empty {
        /// The file's name as it was given.
        file: String,
    },
    /// The file could not be read to its end.
    #[error("{file}: it cannot be read: {reason}")]
    Unreadable {
        /// The file's name as it was given.
        file: String,
        /// The system's words.
        reason: String,
    },
}

/// What is wrong with one row.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum RowFault {
    /// Too few or too many fields.
    #[error("it has {found} fields, not {expected}; write {columns}, without quotes or commas in a field")]
    Fields {
        /// Fields found.
        found: usize,
        /// Fields that belong there.
        expected: usize,
        /// Their names.
        columns: &'static str,
    },
    /// The instant has no offset, so that nobody can say when it was.
    #[error(
        "timestamp {value:?} has no offset; write it as 2013-10-07T13:30:00Z or 2013-10-07T09:30:00-04:00"
    )]
    Naive {
        /// The field.
        value: String,
    },
    /// The instant cannot be read.
    #[error(
        "timestamp {value:?} is no instant; write RFC 3339 with an offset such as 2013-10-07T13:30:00Z, or \
         seconds or milliseconds since 1970"
    )]
    Instant {
        /// The field.
        value: String,
    },
    /// The symbol cannot be one.
    #[error("symbol {value:?} is none; a symbol is 1 to 24 characters of A–Z, 0–9, '.' and '/'")]
    Symbol {
        /// The field.
        value: String,
    },
    /// The date of a split cannot be read.
    #[error("date {value:?} is none; write the first day in new shares as 2014-06-09")]
    Date {
        /// The field.
        value: String,
    },
    /// The ratio of a split cannot be one.
    #[error("ratio {value:?} is none; write new shares for old ones as 7:1, or 1:10 where ten become one")]
    Ratio {
        /// The field.
        value: String,
    },
    /// A field is no number.
    #[error("{column} {value:?} is no number; write a plain decimal such as 12.34")]
    Number {
        /// The column.
        column: &'static str,
        /// The field.
        value: String,
    },
    /// A number is below zero.
    #[error("{column} {value:?} is negative; correct or remove the row")]
    Negative {
        /// The column.
        column: &'static str,
        /// The field.
        value: String,
    },
    /// A number has more digits before the point than can be counted exactly.
    #[error("{column} {value:?} is too large; at most 9 digits may stand before the point")]
    TooLarge {
        /// The column.
        column: &'static str,
        /// The field.
        value: String,
    },
    /// A bar's price is zero.
    #[error("{column} is 0; a bar's prices are above zero: correct or remove the row")]
    ZeroPrice {
        /// The column.
        column: &'static str,
    },
    /// The highest price lies below the lowest.
    #[error("high {high} is below low {low}; correct or remove the row")]
    HighBelowLow {
        /// The high.
        high: String,
        /// The low.
        low: String,
    },
    /// The first or last price lies outside the bar.
    #[error("{column} {value} is outside {low} to {high}, the bar's low and high; correct or remove the row")]
    OutsideBar {
        /// The column.
        column: &'static str,
        /// Its price.
        value: String,
        /// The low.
        low: String,
        /// The high.
        high: String,
    },
    /// The row is older than the one before it of the same symbol.
    #[error("{symbol} goes back in time, from {before} to {value}; sort the rows, and the files, by time")]
    Backwards {
        /// The symbol.
        symbol: String,
        /// The instant of the row before.
        before: String,
        /// This row's.
        value: String,
    },
    /// The row has the instant of the one before it of the same symbol.
    #[error("{symbol} has a second row at {value}; remove one of them")]
    Duplicate {
        /// The symbol.
        symbol: String,
        /// The instant.
        value: String,
    },
}
