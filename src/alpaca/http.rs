use std::borrow::Cow;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tracing::Span;
use tracing::field::Empty;
use ureq::Agent;
use ureq::http::{HeaderMap, HeaderValue, Method, Request};

use crate::alpaca::contacted;
use crate::alpaca::echo::without_keys;
use crate::alpaca::hosts::Hosts;
use crate::domain::secret::Keys;
use crate::wire::fault::{Meaning, Said};
use crate::wire::fields::quoted;

/// How long a connection may take to be made.
const CONNECT: Duration = Duration::from_secs(5);
/// How long a whole call may take.
const WHOLE: Duration = Duration::from_secs(10);
/// How long a connection stays open between two calls: the next order does not wait for a new one.
const IDLE: Duration = Duration::from_secs(55);
/// The largest answer that is read; a page of bars has some megabytes.
const ANSWER_MAX: u64 = 32 << 20;

/// The target of a call's span: it lasts as long as the call, and says what was asked and answered. Who listens
/// makes a log of requests out of it.
pub const CALLS: &str = "hardstop::alpaca::http";

/// What Alpaca calls a request when it is asked about it.
const REQUEST_ID: &str = "x-request-id";
/// The longest id that is taken over.
const ID_MAX: usize = 64;
/// The questions of a path whose values are shown: ids and words of our own. Of others the name has to do.
const SHOWN: [&str; 3] = ["client_order_id", "before_order_id", "status"];

/// Which of the hosts a request goes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Orders, positions, the account.
    Trading,
    /// Market data.
    Data,
}

impl Side {
    const fn word(self) -> &'static str {
        match self {
            Self::Trading => "trading",
            Self::Data => "data",
        }
    }
}

/// Why a call brought no answer that is one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CallFault {
    /// It never left: nothing happened.
    NotSent(String),
    /// It may have arrived, and nobody said so.
    NoAnswer(String),
    /// The venue said no, or something in its place did.
    Said(Said),
}

impl CallFault {
    /// What happened, as a trader reads it.
    pub fn told(&self) -> String {
        match self {
            Self::NotSent(words) | Self::NoAnswer(words) => words.clone(),
            Self::Said(said) => said.told(),
        }
    }
}

/// HTTP to the hosts of one account: no redirect is followed, no proxy asked, nothing sent twice, and no header
/// of ours reaches any other host.
pub struct Http {
    agent: Agent,
    hosts: Hosts,
    /// The keys, and nothing else.
    headers: HeaderMap,
    /// What the account's own host last said where it does not take the keys; nothing where it does.
    refusal: Mutex<Option<String>>,
}

/// The keys cannot be sent as headers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the keys hold characters that no key of Alpaca's has; set them anew")]
pub struct KeyFault;

impl Http {
    /// A line with connections of its own.
    ///
    /// # Errors
    /// [`KeyFault`] for keys that no header can carry.
    pub fn new(hosts: Hosts, keys: &Keys) -> Result<Self, KeyFault> {
        let config = Agent::config_builder()
            .max_redirects(0)
            .max_redirects_will_error(false)
            .proxy(None)
            .https_only(!hosts.are_here())
            .http_status_as_error(false)
            .timeout_connect(Some(CONNECT))
            .timeout_global(Some(WHOLE))
            .max_idle_age(IDLE)
            .user_agent(concat!("hardstop/", env!("CARGO_PKG_VERSION")))
            .build();
        let mut headers = HeaderMap::new();
        for (name, secret) in [("apca-api-key-id", &keys.id), ("apca-api-secret-key", &keys.secret)] {
            let mut value = HeaderValue::from_str(secret.expose()).map_err(|_| KeyFault)?;
            value.set_sensitive(true);
            headers.insert(name, value);
        }
        Ok(Self { agent: config.new_agent(), hosts, headers, refusal: Mutex::default() })
    }

    /// The host's own words where it does not take the keys any more; nothing where it does, or where nobody asked.
    pub fn refusal_of_keys(&self) -> Option<String> {
        self.refusal.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn note_keys(&self, answer: &Result<String, CallFault>) {
        let refusal = match answer {
            Ok(_) => None,
            Err(CallFault::Said(said)) if said.meaning() == Meaning::Unauthorized => Some(said.told()),
            // Whoever did not answer, or said something else, says nothing of the keys.
            Err(_) => return,
        };
        *self.refusal.lock().unwrap_or_else(PoisonError::into_inner) = refusal;
    }

    /// Whose hosts it calls.
    pub const fn hosts(&self) -> &Hosts {
        &self.hosts
    }

    /// Calls, and reads the whole answer. `path` begins with a slash and holds its questions.
    ///
    /// # Errors
    /// [`CallFault`] for everything but a 2xx.
    pub fn call(
        &self,
        side: Side,
        method: &Method,
        path: &str,
        body: Option<String>,
    ) -> Result<String, CallFault> {
        let span = tracing::info_span!(
            target: CALLS, "call", side = side.word(), method = method.as_str(), path = shown(path),
            status = Empty, request_id = Empty, fault = Empty,
        );
        let answer = self.answered(side, method, path, body, &span);
        if side == Side::Trading {
            self.note_keys(&answer);
        }
        match &answer {
            Err(CallFault::NotSent(_)) => span.record("fault", "not_sent"),
            Err(CallFault::NoAnswer(_)) => span.record("fault", "no_answer"),
            // What the venue said is told by its status.
            Err(CallFault::Said(_)) | Ok(_) => &span,
        };
        answer
    }

    fn answered(
        &self,
        side: Side,
        method: &Method,
        path: &str,
        body: Option<String>,
        span: &Span,
    ) -> Result<String, CallFault> {
        let base = match side {
            Side::Trading => self.hosts.trading(),
            Side::Data => self.hosts.data(),
        };
        contacted::note(base);
        let mut request = Request::builder().method(method.clone()).uri(format!("{base}{path}"));
        if let Some(headers) = request.headers_mut() {
            headers.extend(self.headers.clone());
            if body.is_some() {
                headers.insert("content-type", HeaderValue::from_static("application/json"));
            }
        }
        let bent = |_| CallFault::NotSent(format!("{} is no path that can be asked for", quoted(path)));
        let answer = match body {
            Some(body) => self.agent.run(request.body(body).map_err(bent)?),
            None => self.agent.run(request.body(()).map_err(bent)?),
        };
        let mut answer = answer.map_err(fault_of)?;
        let status = answer.status().as_u16();
        span.record("status", status);
        if let Some(id) = answer.headers().get(REQUEST_ID).and_then(id_of) {
            span.record("request_id", id);
        }
        let text = answer.body_mut().with_config().limit(ANSWER_MAX).read_to_string();
        // A redirect is an answer like any other that is no success: nothing is sent anywhere else.
        match (status, text) {
            (200..=299, Ok(text)) => Ok(self.without_keys(&text).into_owned()),
            (_, Ok(text)) => Err(CallFault::Said(Said::read(status, &self.without_keys(&text)))),
            (_, Err(fault)) => {
                Err(CallFault::NoAnswer(format!("the answer broke off: {}", words_of(&fault))))
            }
        }
    }

    fn without_keys<'a>(&self, said: &'a str) -> Cow<'a, str> {
        without_keys(said, self.headers.values().filter_map(|key| key.to_str().ok()))
    }
}

/// A path as it may be written down.
fn shown(path: &str) -> String {
    let Some((path, questions)) = path.split_once('?') else { return path.to_owned() };
    let shown = |question: &str| match question.split_once('=') {
        Some((name, _)) if !SHOWN.contains(&name) => name.to_owned(),
        _ => question.to_owned(),
    };
    format!("{path}?{}", questions.split('&').map(shown).collect::<Vec<_>>().join("&"))
}

/// A request's id, where it looks like one: it comes from outside, and goes into a file that is read on terminals.
fn id_of(value: &HeaderValue) -> Option<&str> {
    let id = value.to_str().ok()?;
    let plain = |letter: u8| letter.is_ascii_alphanumeric() || letter == b'-' || letter == b'_';
    (id.len() <= ID_MAX && id.bytes().all(plain)).then_some(id)
}

fn fault_of(fault: ureq::Error) -> CallFault {
    let words = words_of(&fault);
    match fault {
        ureq::Error::HostNotFound
        | ureq::Error::ConnectionFailed
        | ureq::Error::Tls(_)
        | ureq::Error::Rustls(_)
        | ureq::Error::BadUri(_)
        | ureq::Error::RequireHttpsOnly(_)
        | ureq::Error::Timeout(ureq::Timeout::Resolve | ureq::Timeout::Connect) => CallFault::NotSent(words),
        ureq::Error::Io(ref io) if io.kind() == std::io::ErrorKind::ConnectionRefused => {
            CallFault::NotSent(words)
        }
        _ => CallFault::NoAnswer(words),
    }
}

/// The library's words, without an address or a header in them.
fn words_of(fault: &ureq::Error) -> String {
    match fault {
        ureq::Error::HostNotFound => "the host's name was not found; is this machine online?".to_owned(),
        ureq::Error::ConnectionFailed => "no connection could be made; is this machine online?".to_owned(),
        ureq::Error::Timeout(_) => "no answer within the time allowed".to_owned(),
        ureq::Error::Tls(_) | ureq::Error::Rustls(_) => "no safe connection could be made".to_owned(),
        ureq::Error::Io(io) if io.kind() == std::io::ErrorKind::ConnectionRefused => {
            "nobody listens there".to_owned()
        }
        ureq::Error::Io(_) => "the connection was lost".to_owned(),
        ureq::Error::BodyExceedsLimit(_) => "the answer is larger than any that is expected".to_owned(),
        _ => "the answer could not be read".to_owned(),
    }
}
