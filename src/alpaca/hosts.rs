use std::net::IpAddr;

/// Which of a broker's two accounts a process belongs to, for its whole life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Account {
    /// Money that is none.
    Paper,
    /// Money.
    Live,
}

/// Where a process may connect to. Nothing else is ever contacted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hosts {
    account: Account,
    trading: String,
    data: String,
    orders_stream: String,
    data_stream: String,
}

/// An address that is neither Alpaca's nor this machine's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{key} = {url:?}: it must be {allowed}, or an address of this machine such as http://127.0.0.1:8797; remove \
     the line to use Alpaca's own"
)]
pub struct HostFault {
    key: &'static str,
    url: String,
    allowed: &'static str,
}

const DATA: &str = "https://data.alpaca.markets";
const DATA_STREAM: &str = "wss://stream.data.alpaca.markets";

impl Hosts {
    /// Alpaca's own hosts of an account.
    #[must_use]
    pub fn of(account: Account) -> Self {
        let (trading, orders_stream) = match account {
            Account::Paper => ("https://paper-api.alpaca.markets", "wss://paper-api.alpaca.markets"),
            Account::Live => ("https://api.alpaca.markets", "wss://api.alpaca.markets"),
        };
        Self {
            account,
            trading: trading.to_owned(),
            data: DATA.to_owned(),
            orders_stream: orders_stream.to_owned(),
            data_stream: DATA_STREAM.to_owned(),
        }
    }

    /// The same, with everything at one address in the place of Alpaca's; only one of this machine fits,
    /// besides the account's own.
    ///
    /// # Errors
    /// [`HostFault`] for any other address.
    pub fn at(account: Account, base_url: &str) -> Result<Self, HostFault> {
        let own = Self::of(account);
        let base = base_url.trim_end_matches('/');
        if base == own.trading {
            return Ok(own);
        }
        let allowed = match account {
            Account::Paper => "https://paper-api.alpaca.markets",
            Account::Live => "https://api.alpaca.markets",
        };
        let fault = || HostFault { key: "base_url", url: base_url.to_owned(), allowed };
        let authority =
            base.strip_prefix("http://").filter(|rest| is_this_machine(rest)).ok_or_else(fault)?;
        let stream = format!("ws://{authority}");
        Ok(Self {
            account,
            trading: base.to_owned(),
            data: base.to_owned(),
            orders_stream: stream.clone(),
            data_stream: stream,
        })
    }

    /// Whose hosts they are.
    #[must_use]
    pub const fn account(&self) -> Account {
        self.account
    }

    /// Whether they are on this machine: a rehearsal.
    #[must_use]
    pub fn are_here(&self) -> bool {
        self.trading.starts_with("http://")
    }

    /// Where orders go.
    pub(super) fn trading(&self) -> &str {
        &self.trading
    }

    /// Where market data of the past come from.
    pub(super) fn data(&self) -> &str {
        &self.data
    }

    /// Where the stream of orders is.
    pub(super) fn orders_stream(&self) -> &str {
        &self.orders_stream
    }

    /// Where the streams of market data are.
    pub(super) fn data_stream(&self) -> &str {
        &self.data_stream
    }

    /// Every address, for whoever wants to see them.
    #[must_use]
    pub fn all(&self) -> [&str; 4] {
        [&self.trading, &self.data, &self.orders_stream, &self.data_stream]
    }
}

/// Whether an authority is a loopback address with or without a port, and nothing besides.
fn is_this_machine(authority: &str) -> bool {
    let digits = |port: &str| !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => match rest.split_once(']') {
            Some((host, "")) => (host, None),
            Some((host, rest)) => (host, rest.strip_prefix(':').or(Some(""))),
            None => return false,
        },
        None => match authority.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (authority, None),
        },
    };
    host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback()) && port.is_none_or(digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_account_s_own_hosts_and_this_machine_are_contacted() {
        for fine in [
            "https://paper-api.alpaca.markets",
            "https://paper-api.alpaca.markets/",
            "http://127.0.0.1:8797",
            "http://127.9.9.9",
            "http://[::1]:80",
        ] {
            assert!(Hosts::at(Account::Paper, fine).is_ok(), "{fine}");
        }
        for bad in [
            "https://api.alpaca.markets",
            "http://paper-api.alpaca.markets",
            "https://paper-api.alpaca.markets.evil.example",
            "https://paper-api.alpaca.markets@evil.example",
            "http://127.0.0.1@evil.example",
            "http://127.0.0.1:80@evil.example",
            "http://127.0.0.1.evil.example",
            "http://127.0.0.1/path",
            "http://127.0.0.1:",
            "http://localhost:8797",
            "http://[::1",
            "http://[::1]8",
            "http://10.0.0.1:8797",
            "http://0.0.0.0:1",
            "https://127.0.0.1:8797",
            "ftp://127.0.0.1",
            "",
        ] {
            assert!(Hosts::at(Account::Paper, bad).is_err(), "{bad}");
        }
        assert!(Hosts::at(Account::Live, "https://paper-api.alpaca.markets").is_err(), "paper is not live");
    }

    #[test]
    fn a_refused_address_says_what_may_stand_there() {
        let fault = Hosts::at(Account::Paper, "https://api.alpaca.markets").unwrap_err();
        assert!(
            fault
                .to_string()
                .contains("must be https://paper-api.alpaca.markets, or an address of this machine")
        );
    }
}
