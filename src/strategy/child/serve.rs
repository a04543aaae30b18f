//! The conversation with the host: hello, one load, then calls until the input ends.

use std::io;
use std::io::Write;
use std::panic;

use crate::domain::strategy::Outcome;
use crate::domain::strategy::StrategyAnswer;
use crate::domain::strategy::StrategyCall;
use crate::strategy::child::Budget;
use crate::strategy::child::MemoryCap;
use crate::strategy::child::inside::Inside;
use crate::strategy::frame::ChildFrame;
use crate::strategy::frame::FRAME_BYTES_MAX;
use crate::strategy::frame::Hello;
use crate::strategy::frame::Load;
use crate::strategy::frame::LoadMode;
use crate::strategy::frame::Meter;
use crate::strategy::frame::Probe;
use crate::strategy::frame::read_frame;
use crate::strategy::frame::write_frame;

/// Loading parses, runs the top level and builds the engine: four events' worth.
const LOAD_CPU_FACTOR: u32 = 4;

/// Speaks with the host until its input ends; gives the exit code.
pub(super) fn serve(memory: &'static dyn MemoryCap, hello: Hello, budget: Budget) -> i32 {
    panic::set_hook(Box::new(|panic| {
        // The engine itself broke: nothing it holds can be trusted any more.
        let words = format!("the script engine broke: {panic}");
        let _ = say(&ChildFrame::Fatal(words.chars().take(500).collect()));
        std::process::exit(101);
    }));
    match converse(memory, hello, budget) {
        Ok(()) => 0,
        Err(fault) => {
            let _ = say(&ChildFrame::Fatal(fault.to_string()));
            1
        }
    }
}

fn converse(memory: &'static dyn MemoryCap, hello: Hello, mut budget: Budget) -> io::Result<()> {
    say(&ChildFrame::Hello(hello))?;
    let mut input = io::stdin().lock();
    let Some(frame) = read_frame(&mut input)? else { return Ok(()) };
    let load: Load = serde_json::from_slice(&frame)?;
    drop(frame);
    if let LoadMode::Probe(probe) = load.mode {
        return say(&ChildFrame::Probed(try_to_leave(probe)));
    }
    let event_ms = load.event_cpu_ms;
    budget.arm(event_ms.saturating_mul(LOAD_CPU_FACTOR)).map_err(io::Error::other)?;
    let (mut strategy, loaded) = match Inside::load(memory, &load, || budget.arm(event_ms)) {
        Ok(loaded) => loaded,
        Err(words) => return say(&ChildFrame::LoadFailed(words)),
    };
    say(&ChildFrame::Loaded(loaded))?;
    if load.mode == LoadMode::Describe {
        return Ok(());
    }
    while let Some(frame) = read_frame(&mut input)? {
        budget.arm(event_ms).map_err(io::Error::other)?;
        let before_us = Budget::used_us();
        let call: StrategyCall = serde_json::from_slice(&frame)?;
        let answer = written(strategy.call(&call))?;
        let cpu_us = Budget::used_us().saturating_sub(before_us);
        let meter = Meter { cpu_us, memory_bytes: strategy.used_bytes() };
        let meter = serde_json::to_vec(&ChildFrame::Meter(meter))?;
        // Both in one write: a call costs the child one system call in and one out.
        let mut bytes = Vec::with_capacity(answer.len().saturating_add(meter.len()).saturating_add(8));
        write_frame(&mut bytes, &answer)?;
        write_frame(&mut bytes, &meter)?;
        let mut out = io::stdout().lock();
        out.write_all(&bytes)?;
        out.flush()?;
    }
    Ok(())
}

/// The payload of an answer; one that does not fit into a frame fails the event rather than the child.
fn written(mut answer: StrategyAnswer) -> io::Result<Vec<u8>> {
    let payload = serde_json::to_vec(&ChildFrame::Answer(answer.clone()))?;
    if payload.len() <= FRAME_BYTES_MAX {
        return Ok(payload);
    }
    let reason = format!("an answer of {} bytes, at most {FRAME_BYTES_MAX}", payload.len());
    answer.outcome = Outcome::Failed { reason };
    answer.wishes.clear();
    answer.logs.clear();
    Ok(serde_json::to_vec(&ChildFrame::Answer(answer))?)
}

fn say(frame: &ChildFrame) -> io::Result<()> {
    let payload = serde_json::to_vec(frame)?;
    let mut out = io::stdout().lock();
    write_frame(&mut out, &payload)?;
    out.flush()
}

/// Tries what no strategy may do, so that the claim is shown and not only said.
fn try_to_leave(probe: Probe) -> String {
    let outcome = match probe {
        Probe::File => std::fs::read("/proc/self/status").map(|bytes| bytes.len()),
        Probe::Network => std::net::UdpSocket::bind("127.0.0.1:0").map(|_| 0),
    };
    match outcome {
        Ok(_) => "open".to_owned(),
        Err(fault) => format!("shut: {fault}"),
    }
}
