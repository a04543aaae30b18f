use crate::domain::at::At;
use crate::domain::day::TradingDay;
use crate::wire::fields::instant;

/// The questions behind a path's question mark.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Query(Vec<(String, String)>);

impl Query {
    /// Of names and values, already decoded.
    #[must_use]
    pub fn of(pairs: Vec<(String, String)>) -> Self {
        Self(pairs)
    }

    /// The first value of a name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// True or false in any case of letters.
    pub fn flag(&self, name: &str) -> bool {
        self.get(name).is_some_and(|value| value.eq_ignore_ascii_case("true") || value == "1")
    }

    /// A whole number of at least zero.
    pub fn number(&self, name: &str) -> Option<usize> {
        self.get(name)?.parse().ok()
    }

    /// What stands between commas.
    pub fn list(&self, name: &str) -> Vec<String> {
        let parts = self.get(name).unwrap_or_default().split(',');
        parts.map(str::trim).filter(|part| !part.is_empty()).map(ToOwned::to_owned).collect()
    }

    /// An instant, or a date of New York.
    pub fn at(&self, name: &str) -> Option<At> {
        let text = self.get(name)?;
        instant(text).or_else(|| text.parse::<TradingDay>().ok().map(|day| day.at_time(0, 0)))
    }
}
