use crate::strategy::source::SourceHash;
use crate::strategy::source::StrategySource;

/// The strategies that come with the program: file name and source.
pub const SHIPPED: [(&str, &str); 6] = [
    ("sma_cross.js", include_str!("../../strategies/sma_cross.js")),
    ("opening_range.js", include_str!("../../strategies/opening_range.js")),
    ("rsi_reversion.js", include_str!("../../strategies/rsi_reversion.js")),
    ("donchian_breakout.js", include_str!("../../strategies/donchian_breakout.js")),
    ("vwap_reversion.js", include_str!("../../strategies/vwap_reversion.js")),
    ("stop_guard.js", include_str!("../../strategies/stop_guard.js")),
];

/// What `hardstop strategy new` writes.
pub const TEMPLATE: &str = include_str!("template.js");

/// The contract for editors that complete TypeScript's declarations, and the name it is written under.
pub const DECLARATIONS: (&str, &str) = ("hardstop.d.ts", include_str!("../../strategies/hardstop.d.ts"));

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
