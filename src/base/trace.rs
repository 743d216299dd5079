//! Where the time went: spans that cost one load when nobody asked for them.
//!
//! `--timings` turns recording on; `engine` opens a span around every stage and `cli` draws the page.

#![allow(
    clippy::disallowed_methods,
    reason = "tracing is the door to the clock; nothing here reaches an output of a stage"
)]

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Mutex, OnceLock};
use std::time::Instant;

static ON: AtomicBool = AtomicBool::new(false);
static START: OnceLock<Instant> = OnceLock::new();
static SPANS: Mutex<Vec<Span>> = Mutex::new(Vec::new());

/// One finished stretch of work.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Span {
    pub name: &'static str,
    pub detail: String,
    /// A small number per thread, in the order threads first appeared.
    pub thread: u32,
    pub start_us: u64,
    pub end_us: u64,
}

/// Begins recording.
pub fn start() {
    START.get_or_init(Instant::now);
    ON.store(true, Ordering::Relaxed);
}

/// True if spans are kept.
pub fn is_on() -> bool {
    ON.load(Ordering::Relaxed)
}

/// Takes what was recorded, by start time.
pub fn take() -> Vec<Span> {
    let mut spans = std::mem::take(&mut *SPANS.lock().unwrap_or_else(|e| e.into_inner()));
    spans.sort_by(|a, b| (a.start_us, a.thread, a.name).cmp(&(b.start_us, b.thread, b.name)));
    spans
}

/// Records from now until the guard is dropped. `detail` is not evaluated when recording is off.
pub fn span(name: &'static str, detail: impl FnOnce() -> String) -> Guard {
    if !is_on() {
        return Guard(None);
    }
    Guard(Some((name, detail(), now_us())))
}

/// Ends its span when dropped.
#[must_use = "a span ends when its guard is dropped"]
pub struct Guard(Option<(&'static str, String, u64)>);

impl Drop for Guard {
    fn drop(&mut self) {
        if let Some((name, detail, start_us)) = self.0.take() {
            let span = Span { name, detail, thread: thread_number(), start_us, end_us: now_us() };
            SPANS.lock().unwrap_or_else(|e| e.into_inner()).push(span);
        }
    }
}

fn now_us() -> u64 {
    START.get_or_init(Instant::now).elapsed().as_micros() as u64
}

fn thread_number() -> u32 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    thread_local!(static NUMBER: u32 = NEXT.fetch_add(1, Ordering::Relaxed));
    NUMBER.with(|n| *n)
}
