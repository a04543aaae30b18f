//! One frame of the window, as it changes while the market moves, beside a bare ratatui frame of eight
//! bordered panes full of text.

use std::cell::RefCell;
use std::io::{self, Write};
use std::rc::Rc;
use std::time::Instant;

use hardstop::domain::money::Money;
use hardstop::domain::price::Price;
use hardstop::ui::fixture::model;
use hardstop::ui::theme::{Depth, Theme, ThemeName};
use hardstop::ui::view;
use ratatui::backend::CrosstermBackend;
use ratatui::layout::Rect;
use ratatui::widgets::{Block, Paragraph};
use ratatui::{Frame, Terminal, TerminalOptions, Viewport};

const COLUMNS: u16 = 200;
const ROWS: u16 = 50;
const FRAMES: u32 = 2_000;

/// Counts what would go to the terminal.
#[derive(Clone, Default)]
struct Counter(Rc<RefCell<u64>>);

impl Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        *self.0.borrow_mut() += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The median of a frame's time in microseconds, and the mean of its bytes.
fn drawn(mut draw: impl FnMut(u32, &mut Frame<'_>)) -> (f64, f64) {
    let counter = Counter::default();
    let area = Rect::new(0, 0, COLUMNS, ROWS);
    let options = TerminalOptions { viewport: Viewport::Fixed(area) };
    let mut terminal = Terminal::with_options(CrosstermBackend::new(counter.clone()), options).unwrap();
    terminal.draw(|frame| draw(0, frame)).unwrap();
    *counter.0.borrow_mut() = 0;
    let mut times: Vec<f64> = (1..=FRAMES)
        .map(|number| {
            let began = Instant::now();
            terminal.draw(|frame| draw(number, frame)).unwrap();
            began.elapsed().as_nanos() as f64 / 1_000.0
        })
        .collect();
    times.sort_by(f64::total_cmp);
    let bytes = *counter.0.borrow() as f64 / f64::from(FRAMES);
    (times[times.len() / 2], bytes)
}

pub fn frame() {
    let mut shown = model((COLUMNS, ROWS), Theme::of(ThemeName::Okabe, Depth::True), false);
    let (ours_us, ours_bytes) = drawn(|number, frame| {
        // A tick: one price moves, the account with it, and the clock.
        if let Some(seen) = &mut shown.seen {
            let cents = i32::try_from(number % 50).unwrap_or(0);
            seen.snapshot.at = seen.snapshot.at.plus_millis(40);
            if let Some(market) = seen.markets.first_mut() {
                market.last = Some(Price::from_cents(16_700 + cents));
            }
            seen.snapshot.account.day_pnl = Some(Money::dollars(cents));
        }
        let area = frame.area();
        view::draw(&shown, area, frame.buffer_mut());
    });
    let (bare_us, bare_bytes) = drawn(|number, frame| {
        let text =
            format!("{}\n{}", "a line of text that fills a pane from side to side\n".repeat(22), number);
        for pane in 0..8 {
            let (column, row) = (pane % 4, pane / 4);
            let area = Rect::new(column * COLUMNS / 4, row * ROWS / 2, COLUMNS / 4, ROWS / 2);
            frame.render_widget(Paragraph::new(text.as_str()).block(Block::bordered()), area);
        }
    });
    println!(
        "window: frame 200×50, one tick   {ours_us:>9.0} µs   bare ratatui frame {bare_us:>7.0} µs   {:>6.2}×",
        ours_us / bare_us
    );
    println!("window: bytes of that frame      {ours_bytes:>9.0} B    bare {bare_bytes:.0} B");
}
