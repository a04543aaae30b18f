use crate::wire::fields::{Fields, quoted};

/// What a venue answered with instead of what it was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// The HTTP status.
    pub status: u16,
    /// Alpaca's own number, where there is one.
    pub code: Option<i64>,
    /// Its words, or how an answer began that has none.
    pub words: String,
    /// Whether the answer was Alpaca's own JSON, and no page of something in between.
    pub is_its_own: bool,
}

/// What an answer that is no success means for the request that brought it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    /// Nothing happened, and nothing will: the request is refused for good.
    Refused,
    /// Somebody has this client id already: the first sending arrived.
    AlreadyThere,
    /// The shares are held by other orders that are open.
    SharesHeld,
    /// The keys are not accepted here.
    Unauthorized,
    /// There is no such thing.
    NotFound,
    /// It was not looked at: too many requests.
    TooMany,
    /// Nobody knows whether it happened.
    Unclear,
}

impl Said {
    /// Reads an answer of any form: no body, no JSON and no code are all possible.
    pub fn read(status: u16, body: &str) -> Self {
        let fields = Fields::read(body, "answer").ok();
        let code = fields.as_ref().and_then(|fields| fields.whole("code"));
        let message = fields.as_ref().and_then(|fields| fields.text("message").map(|text| quoted(&text)));
        let reason =
            fields.as_ref().and_then(|fields| fields.text("reject_reason").map(|text| quoted(&text)));
        let is_its_own = message.is_some() || code.is_some();
        let words = match (message, reason) {
            (Some(message), Some(reason)) => format!("{message}: {reason}"),
            (Some(message), None) => message,
            (None, _) if body.trim().is_empty() => "without a word".to_owned(),
            (None, _) if body.trim_start().starts_with('<') => "a page instead of an answer".to_owned(),
            (None, _) => quoted(body),
        };
        Self { status, code, words, is_its_own }
    }

    /// What it means. One number covers many reasons, so that status, number and words decide together, and
    /// what is not Alpaca's own decides nothing.
    pub fn meaning(&self) -> Meaning {
        let says = |part: &str| self.words.to_ascii_lowercase().contains(part);
        match self.status {
            401 => Meaning::Unauthorized,
            404 => Meaning::NotFound,
            429 => Meaning::TooMany,
            422 | 400 if says("client_order_id must be unique") => Meaning::AlreadyThere,
            403 if says("insufficient qty available") => Meaning::SharesHeld,
            400 | 403 | 422 if self.is_its_own => Meaning::Refused,
            _ => Meaning::Unclear,
        }
    }

    /// The status, number and words, as a trader reads them.
    pub fn told(&self) -> String {
        match self.code {
            Some(code) => format!("{} (HTTP {}, {code})", self.words, self.status),
            None => format!("{} (HTTP {})", self.words, self.status),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_means_what_status_number_and_words_say_together() {
        let cases: [(u16, &str, Meaning); 13] = [
            (422, r#"{"code":40010001,"message":"client_order_id must be unique"}"#, Meaning::AlreadyThere),
            (422, r#"{"code":42210000,"message":"fractional orders must be DAY orders"}"#, Meaning::Refused),
            (
                403,
                r#"{"code":40310000,"message":"insufficient qty available for order (requested: 5, available: 0)"}"#,
                Meaning::SharesHeld,
            ),
            (403, r#"{"code":40310000,"message":"insufficient buying power"}"#, Meaning::Refused),
            (403, r#"{"message":"forbidden."}"#, Meaning::Refused),
            (403, "<html>a proxy's page</html>", Meaning::Unclear),
            (401, "<html>nginx</html>", Meaning::Unauthorized),
            (404, r#"{"code":40410000,"message":"order not found"}"#, Meaning::NotFound),
            (429, "", Meaning::TooMany),
            (429, r#"{"code":42910000,"message":"rate limit exceeded"}"#, Meaning::TooMany),
            (500, r#"{"code":50010000,"message":"internal server error"}"#, Meaning::Unclear),
            (504, "", Meaning::Unclear),
            (302, "", Meaning::Unclear),
        ];
        for (status, body, meaning) in cases {
            assert_eq!(Said::read(status, body).meaning(), meaning, "{status} {body}");
        }
    }

    #[test]
    fn what_is_told_holds_the_number_and_no_control_character() {
        let said = Said::read(
            403,
            "{\"code\":40310000,\"message\":\"wash\\u001b[2J trade\",\"reject_reason\":\"opposite side\"}",
        );
        assert_eq!(said.told(), "wash [2J trade: opposite side (HTTP 403, 40310000)");
        assert_eq!(Said::read(504, " ").told(), "without a word (HTTP 504)");
        assert_eq!(Said::read(502, "<html>").told(), "a page instead of an answer (HTTP 502)");
    }
}
