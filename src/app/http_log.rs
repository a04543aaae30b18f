//! A line for every request to the broker, in a file of its own: what was asked, what was answered, how long it
//! took. Lines wait for the disk on a thread of their own, and are dropped where there are too many: a request, and
//! the kill above all, never waits for one.

use std::fmt::Debug;
use std::io::Write;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};
use tracing::Subscriber;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

use crate::app::clock;
use crate::domain::at::At;

/// What its files are called: `http.2026-11-28.log`.
pub(super) const PREFIX: &str = "http";
pub(super) const SUFFIX: &str = "log";

/// Writes a line when a call ends.
pub(super) struct HttpLog<W>(pub(super) W);

/// A call that is under way.
struct Call {
    began: At,
    fields: Map<String, Value>,
}

impl Call {
    /// One line. What was not heard (no status, no id) is null.
    fn line(&self, now: At) -> String {
        let mut line = Map::new();
        line.insert("at".to_owned(), json!(self.began));
        for name in ["side", "method", "path", "status"] {
            line.insert(name.to_owned(), self.fields.get(name).cloned().unwrap_or_default());
        }
        line.insert("ms".to_owned(), json!(now.millis_since(self.began).max(0)));
        for name in ["request_id", "fault"] {
            line.insert(name.to_owned(), self.fields.get(name).cloned().unwrap_or_default());
        }
        format!("{}\n", Value::Object(line))
    }
}

impl Visit for Call {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.fields.insert(field.name().to_owned(), json!(format!("{value:?}")));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.fields.insert(field.name().to_owned(), json!(value));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.fields.insert(field.name().to_owned(), json!(value));
    }
}

impl<S, W> Layer<S> for HttpLog<W>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
    W: Write + Clone + 'static,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        if let Some(span) = context.span(id) {
            let mut call = Call { began: clock::now(), fields: Map::new() };
            attributes.record(&mut call);
            span.extensions_mut().insert(call);
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        if let Some(span) = context.span(id)
            && let Some(call) = span.extensions_mut().get_mut::<Call>()
        {
            values.record(call);
        }
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        if let Some(span) = context.span(&id)
            && let Some(call) = span.extensions_mut().remove::<Call>()
        {
            // A disk that is full is said by the journal; a request goes on without its line.
            let _full = self.0.clone().write_all(call.line(clock::now()).as_bytes());
        }
    }
}

/// The file of a day (as `2026-11-28`, by UTC), or the newest.
pub fn file_of(state: &Path, day: Option<&str>) -> Option<PathBuf> {
    let folder = state.join("logs");
    let names = std::fs::read_dir(&folder).ok()?.flatten();
    let names = names.map(|entry| entry.file_name().to_string_lossy().into_owned());
    let is_of_the_day = |name: &String| {
        let found = name.strip_prefix(PREFIX).and_then(|rest| rest.strip_suffix(SUFFIX));
        let found = found.map(|rest| rest.trim_matches('.'));
        found.is_some_and(|found| day.is_none_or(|day| day == found))
    };
    names.filter(is_of_the_day).max().map(|name| folder.join(name))
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write as _};
    use std::net::TcpListener;
    use std::sync::{Arc, Mutex};

    use tracing_subscriber::layer::SubscriberExt;
    use ureq::http::Method;

    use super::*;
    use crate::alpaca::hosts::{Account, Hosts};
    use crate::alpaca::http::{Http, Side};
    use crate::domain::secret::{Keys, Secret};

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    /// Answers one call after another on this machine, in these words, and then no more.
    fn answers(words: &'static [&'static str]) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        std::thread::spawn(move || {
            for words in words {
                let (mut stream, _) = listener.accept().unwrap();
                let mut read = [0; 4096];
                let _some = stream.read(&mut read).unwrap();
                stream.write_all(words.as_bytes()).unwrap();
            }
        });
        url
    }

    #[test]
    fn every_request_is_a_line_without_a_body_a_key_or_what_was_asked_for_in_particular() {
        let url = answers(&[
            "HTTP/1.1 200 OK\r\nX-Request-ID: 0123abcd\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}",
            "HTTP/1.1 403 Forbidden\r\nX-Request-ID: a;b\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}",
            "HTTP/1.1 200 OK\r\nContent-Length: 9\r\nConnection: close\r\n\r\n{}",
        ]);
        let keys = Keys { id: Secret::new("CANARYID".into()), secret: Secret::new("CANARYSECRET".into()) };
        let http = Http::new(Hosts::at(Account::Paper, &url).unwrap(), &keys).unwrap();
        let lines = Lines::default();
        let subscriber = tracing_subscriber::registry().with(HttpLog(lines.clone()));
        tracing::subscriber::with_default(subscriber, || {
            let call = |method: Method, path: &str, body: Option<&str>| {
                drop(http.call(Side::Trading, &method, path, body.map(str::to_owned)));
            };
            call(Method::POST, "/v2/orders", Some("{\"CANARYBODY\":1}"));
            let named = "/v2/orders:by_client_order_id?client_order_id=hs-sabc123-1-2&token=CANARYTOKEN";
            call(Method::GET, named, None);
            call(Method::GET, "/v2/clock", None);
            call(Method::GET, "/v2/clock", None);
        });
        let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
        assert!(!text.contains("CANARY"), "{text}");
        let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines.len(), 4, "{text}");
        let told =
            |line: &Value| ["method", "path", "status", "request_id", "fault"].map(|name| line[name].clone());
        let path = "/v2/orders:by_client_order_id?client_order_id=hs-sabc123-1-2&token";
        assert_eq!(
            told(&lines[0]),
            [json!("POST"), json!("/v2/orders"), json!(200), json!("0123abcd"), json!(null)]
        );
        assert_eq!(told(&lines[1]), [json!("GET"), json!(path), json!(403), json!(null), json!(null)]);
        assert_eq!(told(&lines[2])[2..], [json!(200), json!(null), json!("no_answer")]);
        assert_eq!(told(&lines[3])[2..], [json!(null), json!(null), json!("not_sent")]);
        let names: Vec<&String> = lines[0].as_object().unwrap().keys().collect();
        assert_eq!(names, ["at", "side", "method", "path", "status", "ms", "request_id", "fault"]);
        assert!(lines.iter().all(|line| line["ms"].as_i64().is_some_and(|ms| (0..10_000).contains(&ms))));
    }
}
