use std::io;
use std::io::BufRead;
use std::io::Write;

use crate::cli::whatif_input::read;
use crate::risk::decision::Decision;
use crate::risk::judge::{Scene, judge};

/// Answers every line of `input` on `output`, in order: one decision for each that is not blank.
///
/// Each answer is handed on at once, so that a caller who asks and waits is not left waiting.
///
/// # Errors
/// When `input` cannot be read or `output` cannot be written.
pub fn run(mut input: impl BufRead, mut output: impl Write) -> io::Result<()> {
    let mut line = Vec::new();
    loop {
        line.clear();
        if input.read_until(b'\n', &mut line)? == 0 {
            return output.flush();
        }
        let answer = match std::str::from_utf8(&line) {
            Ok(text) => answer_line(text),
            Err(_) => Some(written(&Decision::malformed())),
        };
        if let Some(mut answer) = answer {
            answer.push('\n');
            output.write_all(answer.as_bytes())?;
            output.flush()?;
        }
    }
}

/// The decision about one line, as one line of JSON; `None` for a blank one.
#[must_use]
pub fn answer_line(line: &str) -> Option<String> {
    if line.bytes().all(|byte| byte.is_ascii_whitespace()) {
        return None;
    }
    let decision = match read(line) {
        Ok(question) => {
            let scene = Scene::told(&question.book, &question.limits, question.state, question.funds);
            judge(&scene, &question.intent)
        }
        Err(_) => Decision::malformed(),
    };
    Some(written(&decision))
}

/// A decision has no key or value that JSON cannot hold, so writing it cannot fail.
fn written(decision: &Decision) -> String {
    serde_json::to_string(decision).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The contract's own line, with a last price for the BBB that it holds.
    const LINE: &str = concat!(
        r#"{"now":"2025-06-02T15:00:00Z","limits":{"max_daily_loss_pct":"2","max_position_pct":"10","#,
        r#""max_heat_pct":"25","max_gross_pct":"100","price_collar_pct":"5"},"account":{"e0":"100000","#,
        r#""equity":"100000","flows":"0","state":"active"},"quotes":[{"symbol":"AAA","bid":"59.99","#,
        r#""ask":"60.01","age_ms":100},{"symbol":"BBB","last":"50","age_ms":0}],"positions":[{"#,
        r#""symbol":"BBB","qty":"100","avg_price":"50","stops":[{"qty":"100","price":"47"}]}],"orders":[{"#,
        r#""symbol":"AAA","side":"buy","type":"limit","qty":"150","filled":"0","limit":"60","#,
        r#""stop_loss":null,"status":"working"}],"intent":{"symbol":"AAA","side":"buy","type":"limit","#,
        r#""qty":"20","limit":"60","stop_loss":null}}"#
    );

    /// The code of the contract's line after `from` in it has become `to`; "approved" without one.
    fn code(from: &str, to: &str) -> String {
        assert!(LINE.contains(from), "{from}");
        let answer = answer_line(&LINE.replacen(from, to, 1)).unwrap();
        let json: serde_json::Value = serde_json::from_str(&answer).unwrap();
        json["code"].as_str().unwrap_or("approved").to_owned()
    }

    #[test]
    fn the_contract_s_own_line_is_answered_in_its_own_shape() {
        let answer = answer_line(LINE).unwrap();
        let head = r#"{"schema":1,"decision":"refused","code":"POSITION_LIMIT","reducing":false,"#;
        let numbers = concat!(
            r#""exposure":"10200.00","heat":"10500.00","day_loss":"0.00","max_qty":"16","releases":null,"#,
            r#""checks":[{"name":"state","ok":true,"value":null,"limit":null},"#
        );
        assert!(answer.starts_with(&format!("{head}{numbers}")), "{answer}");
        let position = r#"{"name":"position","ok":false,"value":"10200.00","limit":"10000.00"}"#;
        assert!(answer.contains(position), "{answer}");
    }

    #[test]
    fn a_line_that_says_anything_else_is_malformed() {
        let changes = [
            (r#""flows":"0""#, r#""flows":"0","bonus":"1""#),
            (r#""flows":"0""#, r#""flows":"0","flows":"0""#),
            (r#""flows":"0","#, ""),
            (r#""symbol":"BBB","last""#, r#""symbol":"AAA","last""#),
            (r#""qty":"20""#, r#""qty":20"#),
            (r#""qty":"20""#, r#""qty":"+20""#),
            (r#""qty":"20""#, r#""qty":"0""#),
            (r#""qty":"20""#, r#""qty":"0.0000000001""#),
            (r#""age_ms":100"#, r#""age_ms":"100""#),
            (r#""age_ms":100"#, r#""age_ms":100.0"#),
            (r#""age_ms":100"#, r#""age_ms":1000000000000001"#),
            (r#""bid":"59.99""#, r#""bid":"-59.99""#),
            (r#""last":"50""#, r#""last":"0""#),
            (r#""filled":"0""#, r#""filled":"151""#),
            (r#""status":"working""#, r#""status":"resting""#),
            (r#""state":"active""#, r#""state":"idle""#),
            (r#""type":"limit","qty":"20","#, r#""type":"market","qty":"20","#),
            (r#""limit":"60","stop_loss":null}}"#, r#""limit":"60","stop_loss":"60"}}"#),
            (r#""limit":"60","stop_loss":null}}"#, r#""limit":"60","group":"a"}}"#),
            (r#""intent":{"#, r#""intent":[{"#),
            ("2025-06-02", "2025-06-31"),
        ];
        for (from, to) in changes {
            assert_eq!(code(from, to), "MALFORMED", "{to}");
        }
        let shape = answer_line("{}").unwrap();
        assert!(shape.ends_with(r#""reducing":false,"exposure":null,"heat":null,"day_loss":null,"max_qty":null,"releases":null,"checks":[]}"#));
    }

    #[test]
    fn what_may_be_missing_is_named_by_its_own_code() {
        assert_eq!(code(r#""e0":"100000","#, ""), "NO_EQUITY");
        assert_eq!(code(r#""equity":"100000""#, r#""equity":null"#), "NO_EQUITY");
        assert_eq!(code(r#""ask":"60.01","#, ""), "NO_PRICE");
        assert_eq!(code(r#""last":"50""#, r#""last":null"#), "NO_PRICE");
        assert_eq!(code(r#""age_ms":100"#, r#""age_ms":15001"#), "STALE_QUOTE");
        assert_eq!(code(r#""age_ms":100"#, r#""age_ms":-0"#), "POSITION_LIMIT");
        assert_eq!(code(r#""state":"active""#, r#""state":"reduce_only""#), "REDUCE_ONLY");
        assert_eq!(code(r#""qty":"20""#, r#""qty":"16","tif":"x","trail":"1.5%""#), "approved");
    }

    #[test]
    fn a_line_in_is_a_line_out_and_blank_lines_are_none() {
        let mut input = format!("{LINE}\n  \n\nnonsense\r\n").into_bytes();
        input.extend_from_slice(b"\xff\xfe\n\t\n");
        input.extend_from_slice(LINE.as_bytes());
        let mut output = Vec::new();
        run(input.as_slice(), &mut output).unwrap();
        let text = String::from_utf8(output).unwrap();
        let codes: Vec<&str> =
            text.lines().map(|line| if line.contains("MALFORMED") { "-" } else { "+" }).collect();
        assert_eq!(codes, ["+", "-", "-", "+"]);
    }

    /// Random books, written by a small generator of their own: the same line always gives the same
    /// answer, an approval always keeps the caps, and no line is answered by nothing.
    #[test]
    fn the_same_line_gives_the_same_answer() {
        let mut seed: u64 = 42;
        let mut pick = |choices: &[&str]| -> String {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            choices[usize::try_from(seed >> 33).unwrap() % choices.len()].to_owned()
        };
        let mut approvals = 0;
        for _ in 0..5_000 {
            let line = LINE
                .replace(
                    r#""qty":"20""#,
                    &format!(r#""qty":"{}""#, pick(&["1", "16", "20", "0.5", "1000", "-1"])),
                )
                .replace(r#""qty":"150""#, &format!(r#""qty":"{}""#, pick(&["150", "100", "1.5", "0"])))
                .replace(r#""side":"buy""#, &format!(r#""side":"{}""#, pick(&["buy", "buy", "sell"])))
                .replace(r#""age_ms":100"#, &format!(r#""age_ms":{}"#, pick(&["0", "15000", "15001"])))
                .replace(r#""47""#, &format!(r#""{}""#, pick(&["47", "49.99", "60"])))
                .replace(
                    r#""stop_loss":null}}"#,
                    &pick(&[r#""stop_loss":null}}"#, r#""stop_loss":"57.123"}}"#]),
                )
                .replace(
                    r#""equity":"100000""#,
                    &format!(r#""equity":"{}""#, pick(&["100000", "98000", "99999.99"])),
                );
            let answer = answer_line(&line).unwrap();
            assert_eq!(answer_line(&line).as_deref(), Some(answer.as_str()));
            let json: serde_json::Value = serde_json::from_str(&answer).unwrap();
            if json["decision"] == "approved" {
                approvals += 1;
                let number = |key: &str| json[key].as_str().unwrap().parse::<f64>().unwrap();
                assert!(number("exposure") <= 10_000.0 && number("heat") <= 25_000.0, "{line}");
            }
        }
        assert!(approvals > 100, "{approvals}");
    }
}
