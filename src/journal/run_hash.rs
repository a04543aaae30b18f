use sha2::{Digest, Sha256};

use crate::domain::id::ClientOrderId;
use crate::domain::mode::Mode;
use crate::journal::row::{DATA, EVENT, FRAME, FRAME_ASIDE, QUIET, Row, hex};

/// The hash of a run: what happened and what was decided, and nothing that differs between two runs
/// of the same input.
///
/// It covers events, decisions, orders, fills, strategy frames, the count of quiet calls and the hash of
/// the data, where they have rows, with their place in the run. An
/// order's id enters as its number within the run. Outside of it stay the process's start, CPU,
/// memory, the installation, the chain's hashes and, where the run's clock is the wall's (paper and
/// live), the rows' instants.
#[derive(Debug, Clone)]
pub struct RunHash {
    hasher: Sha256,
    with_instants: bool,
    first_order: Option<u64>,
    first_seq: Option<u64>,
}

/// The kinds of rows that make a run what it is.
const KINDS: [&str; 7] = [EVENT, "decision", "order", "fill", FRAME, QUIET, DATA];

impl RunHash {
    /// The hash of a run before its first row.
    #[must_use]
    pub fn new(mode: Mode) -> Self {
        Self { hasher: Sha256::new(), with_instants: mode == Mode::Sim, first_order: None, first_seq: None }
    }

    /// Takes the next row of the run.
    pub fn add(&mut self, row: &Row) {
        if !KINDS.contains(&row.kind.as_ref()) {
            return;
        }
        let place = row.seq.wrapping_sub(*self.first_seq.get_or_insert(row.seq));
        self.hasher.update(place.to_be_bytes());
        if self.with_instants {
            self.hasher.update(row.at.nanos().to_be_bytes());
        }
        let body = if row.kind == FRAME {
            row.body.split_once(FRAME_ASIDE).map_or(row.body.as_str(), |(wire, _)| wire)
        } else {
            &row.body
        };
        self.add_text(&row.kind);
        if body.contains("hs-") {
            let numbered = self.without_install(body);
            self.add_text(&numbered);
        } else {
            self.add_text(body);
        }
    }

    /// The hash so far, in hex.
    #[must_use]
    pub fn hex(&self) -> String {
        hex(&self.hasher.clone().finalize())
    }

    fn add_text(&mut self, text: &str) {
        self.hasher.update((text.len() as u64).to_be_bytes());
        self.hasher.update(text.as_bytes());
    }

    /// The text with every order id of ours replaced by its number within the run.
    fn without_install(&mut self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(start) = rest.find("hs-") {
            let (before, from_id) = rest.split_at(start);
            out.push_str(before);
            let in_id = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'-';
            let length = from_id.bytes().take_while(in_id).count();
            let (token, after) = from_id.split_at(length);
            self.push_numbered(token, &mut out);
            rest = after;
        }
        out.push_str(rest);
        out
    }

    /// `hs-s4k2p9x-131007-12` as `#n`; an execution's `-2` behind it stays.
    fn push_numbered(&mut self, token: &str, out: &mut String) {
        let mut parts = token.splitn(5, '-');
        let id_length = parts.by_ref().take(4).map(|part| part.len() + 1).sum::<usize>().saturating_sub(1);
        let (id, tail) = token.split_at(id_length.min(token.len()));
        match id.parse::<ClientOrderId>().ok().and_then(|id| id.seq()) {
            Some(seq) if id.split('-').count() == 4 => {
                let first = *self.first_order.get_or_insert(seq);
                let number = i128::from(seq) - i128::from(first);
                out.push('#');
                out.push_str(&number.to_string());
                out.push_str(tail);
            }
            _ => out.push_str(token),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::at::At;

    fn hash(mode: Mode, rows: &[(u64, i64, &'static str, &str)]) -> String {
        let mut hash = RunHash::new(mode);
        for (seq, at, kind, body) in rows {
            let at = At::from_seconds(*at);
            hash.add(&Row { row: 1, run: 1, seq: *seq, at, kind: (*kind).into(), body: (*body).to_owned() });
        }
        hash.hex()
    }

    #[test]
    fn the_install_and_the_first_numbers_do_not_enter() {
        let one = r#"{"order":"hs-sabc123-131007-4"}"#;
        let filled = r#"{"execution":"hs-sabc123-131007-6-2"}"#;
        let run = |first: &str, second: &str, seq: u64| {
            hash(Mode::Sim, &[(seq, 1, "event", first), (seq + 1, 2, "fill", second)])
        };
        let other = |number: u64| format!("{{\"execution\":\"hs-szzz999-140101-{number}-2\"}}");
        let first = r#"{"order":"hs-szzz999-140101-1"}"#;
        assert_eq!(run(one, filled, 1), run(first, &other(3), 90));
        assert_ne!(run(one, filled, 1), run(first, &other(4), 90));
        assert_ne!(run("hs-a", filled, 1), run("hs-b", filled, 1), "what is no id stays as it is");
    }

    #[test]
    fn the_wall_clock_enters_only_where_it_is_the_datas_own() {
        let at = |mode, at| hash(mode, &[(1, at, "event", "\"clock\"")]);
        assert_eq!(at(Mode::Paper, 1), at(Mode::Paper, 2));
        assert_ne!(at(Mode::Sim, 1), at(Mode::Sim, 2));
    }

    #[test]
    fn a_frames_wire_bytes_enter_and_its_cost_does_not() {
        let frame = |body: &str| hash(Mode::Sim, &[(1, 1, "frame", body)]);
        let first = frame(r#"{"strategy":1,"in":"a","out":"b","outcome":"done","cpu_us":1}"#);
        assert_eq!(first, frame(r#"{"strategy":1,"in":"a","out":"b","outcome":"done","cpu_us":7}"#));
        assert_ne!(first, frame(r#"{"strategy":1,"in":"a","out":"c","outcome":"done","cpu_us":1}"#));
    }

    #[test]
    fn statuses_equity_and_the_head_stay_outside() {
        let empty = hash(Mode::Sim, &[]);
        assert_eq!(
            empty,
            hash(Mode::Sim, &[(1, 1, "status", "{}"), (1, 1, "run", "{}"), (1, 1, "equity", "1")])
        );
    }
}
