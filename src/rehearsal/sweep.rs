use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::rehearsal::backtest::{Question, run};
use crate::rehearsal::findings::Findings;
use crate::strategy::manifest::ParamValue;

/// Settings that are tried together, by name.
pub type Combination = BTreeMap<String, ParamValue>;

/// What became of one combination: its findings without their long rows, or why it did not run, in words.
pub type Tried = Result<Findings, String>;

/// Runs the question once for each combination, which goes over the question's own settings. At most `jobs` at
/// a time; each is a process of its own, so the threads here only wait. `told` hears after each how many are done.
///
/// The answers come in the order of the combinations, whichever was done first.
pub fn sweep(
    question: &Question,
    combinations: &[Combination],
    jobs: usize,
    told: &(dyn Fn(usize) + Sync),
) -> Vec<Tried> {
    let (next, done) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let tried: Mutex<BTreeMap<usize, Tried>> = Mutex::default();
    std::thread::scope(|scope| {
        for _ in 0..jobs.clamp(1, combinations.len().max(1)) {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::SeqCst);
                    let Some(combination) = combinations.get(number) else { return };
                    let answer = one(question, combination);
                    tried.lock().unwrap_or_else(PoisonError::into_inner).insert(number, answer);
                    told(done.fetch_add(1, Ordering::SeqCst) + 1);
                }
            });
        }
    });
    tried.into_inner().unwrap_or_else(PoisonError::into_inner).into_values().collect()
}

fn one(question: &Question, combination: &Combination) -> Tried {
    let mut question = question.clone();
    question.params.extend(combination.clone());
    let findings = run(&question)?;
    // Thousands of these wait together, and nobody draws them.
    Ok(Findings { trade_rows: Vec::new(), equity_points: Vec::new(), months: Vec::new(), ..findings })
}
