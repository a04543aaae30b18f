use crate::strategy::source::SourceHash;
use crate::strategy::source::StrategySource;

/// The strategies that come with the program: file name and source.
pub const SHIPPED: [(&str, &str); 2] = [
    ("sma_cross.js", include_str!("../../strategies/sma_cross.js")),
    ("opening_range.js", include_str!("../../strategies/opening_range.js")),
];

/// The shipped strategy of that file name, with or without its ending.
#[must_use]
pub fn named(name: &str) -> Option<StrategySource> {
    let wanted = name.strip_suffix(".js").unwrap_or(name);
    let found = SHIPPED.iter().find(|(file, _)| file.strip_suffix(".js") == Some(wanted));
    found.map(|(file, text)| StrategySource::of_text(file, text))
}

/// Whether exactly these bytes came with the program.
#[must_use]
pub fn is_shipped(hash: SourceHash) -> bool {
    SHIPPED.iter().any(|(_, text)| SourceHash::of(text.as_bytes()) == hash)
}
