use std::borrow::Cow;

use serde_json::json;

use crate::wire::fields::Fields;

/// The name of the stream of orders.
pub const TRADE_UPDATES: &str = "trade_updates";

/// What a client says on a stream. It holds a secret, and so has no text of its own.
#[derive(PartialEq, Eq)]
pub enum Spoken {
    /// Its keys, in either of the two forms that are in use.
    Login {
        /// The key's id.
        key: String,
        /// The secret.
        secret: String,
    },
    /// What it wants to hear, instead of what it heard so far.
    Listen(Vec<String>),
    /// What it wants to hear beside what it hears already.
    Subscribe(Wishes),
    /// What it no longer wants to hear.
    Unsubscribe(Wishes),
    /// Nothing that is known.
    Other,
}

/// Lists of symbols by channel; `*` is every symbol.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Wishes {
    /// Trades.
    pub trades: Vec<String>,
    /// Quotes.
    pub quotes: Vec<String>,
    /// Bars of a minute.
    pub bars: Vec<String>,
    /// Bars that are told again, later.
    pub updated_bars: Vec<String>,
    /// Bars of the day so far.
    pub daily_bars: Vec<String>,
    /// Halts and resumptions.
    pub statuses: Vec<String>,
    /// Price bands.
    pub lulds: Vec<String>,
}

impl Wishes {
    /// Reads the lists of a frame.
    pub fn read(fields: &Fields<'_>) -> Self {
        Self {
            trades: fields.texts("trades"),
            quotes: fields.texts("quotes"),
            bars: fields.texts("bars"),
            updated_bars: fields.texts("updatedBars"),
            daily_bars: fields.texts("dailyBars"),
            statuses: fields.texts("statuses"),
            lulds: fields.texts("lulds"),
        }
    }
}

impl Spoken {
    /// Reads what a client says on either stream.
    pub fn read(text: &str) -> Self {
        let Ok(fields) = Fields::read(text, "frame") else { return Self::Other };
        let data = fields.object("data").unwrap_or_default();
        let word = |from: &Fields<'_>, name: &str| from.text(name).map(Cow::into_owned);
        match fields.text("action").as_deref() {
            Some("authenticate" | "auth") => {
                let key = word(&data, "key_id").or_else(|| word(&fields, "key"));
                let secret = word(&data, "secret_key").or_else(|| word(&fields, "secret"));
                match (key, secret) {
                    (Some(key), Some(secret)) => Self::Login { key, secret },
                    _ => Self::Other,
                }
            }
            Some("listen") => Self::Listen(data.texts("streams")),
            Some("subscribe") => Self::Subscribe(Wishes::read(&fields)),
            Some("unsubscribe") => Self::Unsubscribe(Wishes::read(&fields)),
            _ => Self::Other,
        }
    }
}

/// The frame that opens the stream of orders.
pub fn login_to_orders(key: &str, secret: &str) -> String {
    json!({"action": "authenticate", "data": {"key_id": key, "secret_key": secret}}).to_string()
}

/// The frame that opens a stream of market data.
pub fn login_to_data(key: &str, secret: &str) -> String {
    json!({"action": "auth", "key": key, "secret": secret}).to_string()
}

/// The frame that asks for every event of every order.
pub fn listen_to_orders() -> String {
    json!({"action": "listen", "data": {"streams": [TRADE_UPDATES]}}).to_string()
}

/// The frame that asks for market data of these symbols.
pub fn subscribe(wishes: &Wishes) -> String {
    with_lists("subscribe", wishes)
}

/// The frame that wants no more of these.
pub fn unsubscribe(wishes: &Wishes) -> String {
    with_lists("unsubscribe", wishes)
}

fn with_lists(action: &str, wishes: &Wishes) -> String {
    let mut frame = json!({ "action": action });
    let lists = [
        ("trades", &wishes.trades),
        ("quotes", &wishes.quotes),
        ("bars", &wishes.bars),
        ("updatedBars", &wishes.updated_bars),
        ("dailyBars", &wishes.daily_bars),
        ("statuses", &wishes.statuses),
        ("lulds", &wishes.lulds),
    ];
    if let Some(frame) = frame.as_object_mut() {
        for (name, symbols) in lists.into_iter().filter(|(_, symbols)| !symbols.is_empty()) {
            frame.insert(name.to_owned(), json!(symbols));
        }
    }
    frame.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_one_side_says_the_other_understands() {
        let login = || Spoken::Login { key: "an id".to_owned(), secret: "a \"secret\"".to_owned() };
        assert!(Spoken::read(&login_to_orders("an id", "a \"secret\"")) == login());
        assert!(Spoken::read(&login_to_data("an id", "a \"secret\"")) == login());
        assert!(Spoken::read(&listen_to_orders()) == Spoken::Listen(vec!["trade_updates".to_owned()]));
        let wishes =
            Wishes { bars: vec!["SPY".to_owned()], statuses: vec!["*".to_owned()], ..Wishes::default() };
        assert!(Spoken::read(&subscribe(&wishes)) == Spoken::Subscribe(wishes.clone()));
        assert!(Spoken::read(&unsubscribe(&wishes)) == Spoken::Unsubscribe(wishes));
        assert_eq!(subscribe(&Wishes::default()), r#"{"action":"subscribe"}"#);
        for text in ["", "{}", r#"{"action":"authenticate"}"#, r#"{"action":"fly"}"#] {
            assert!(Spoken::read(text) == Spoken::Other, "{text}");
        }
    }
}
