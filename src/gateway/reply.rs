use serde_json::{Value, json};

/// An answer of the exchange, before it is written onto a socket.
#[derive(Debug, Clone, PartialEq)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The body; none for an answer without one.
    pub body: Option<Value>,
}

impl Reply {
    /// What was asked for.
    pub fn fine(body: Value) -> Self {
        Self { status: 200, body: Some(body) }
    }

    /// Done, without a word.
    pub fn done() -> Self {
        Self { status: 204, body: None }
    }

    /// One answer for each of many.
    pub fn many(body: Vec<Value>) -> Self {
        Self { status: 207, body: Some(Value::Array(body)) }
    }

    /// A no with Alpaca's number.
    pub fn fault(status: u16, code: u32, message: &str) -> Self {
        Self { status, body: Some(json!({ "code": code, "message": message })) }
    }

    /// A request that is wrong in itself.
    pub fn unprocessable(message: &str) -> Self {
        Self::fault(422, 42_210_000, message)
    }

    /// A thing that is not there.
    pub fn missing(message: &str) -> Self {
        Self::fault(404, 40_410_000, message)
    }

    /// What the exchange itself refused, with the status and number that Alpaca has for such words.
    pub fn refused(words: &str) -> Self {
        let forbidden = [
            "insufficient",
            "potential wash trade",
            "account is not allowed",
            "bracket orders must be entry orders",
            "new orders are rejected",
        ];
        if words.contains("client_order_id must be unique") {
            Self::fault(422, 40_010_001, words)
        } else if forbidden.iter().any(|part| words.starts_with(part)) {
            Self::fault(403, 40_310_000, words)
        } else if words.starts_with("order not found") {
            Self::missing(words)
        } else if words.contains("is required") || words.contains("must be > 0") {
            Self::fault(422, 40_010_001, words)
        } else {
            Self::unprocessable(words)
        }
    }
}
