//! Where the lines of one package go: straight out, into memory until it is their turn, or into events.

use std::io::Write;
use std::time::{Duration, SystemTime};

use super::events::{Events, Sink};
use crate::cli::print;

/// `p [p.test]` of `# p [p.test]`.
pub(super) fn header_of(text: &str) -> &str {
    text.lines().next().and_then(|line| line.strip_prefix("# ")).unwrap_or("")
}

/// Compiler messages among events.
pub(super) fn build_events(text: &str) {
    let path = header_of(text);
    let mut lines = String::new();
    for line in text.lines() {
        let event = serde_json::json!({
            "ImportPath": path, "Action": "build-output", "Output": format!("{line}\n"),
        });
        lines += &format!("{event}\n");
    }
    lines += &format!("{}\n", serde_json::json!({ "ImportPath": path, "Action": "build-fail" }));
    print(&lines);
}

pub(super) fn print_bytes(bytes: &[u8]) {
    let mut stdout = std::io::stdout().lock();
    let _ = stdout.write_all(bytes);
    let _ = stdout.flush();
}

/// Where a package's lines go.
pub(super) enum Output {
    Stream,
    Collect(Vec<u8>),
    Events(Box<Events<Lines>>),
}

impl Output {
    pub fn stream() -> Output {
        Output::Stream
    }

    pub fn collect() -> Output {
        Output::Collect(Vec::new())
    }

    pub fn events(package: &str) -> Output {
        Output::Events(Box::new(Events::new(Lines, package)))
    }

    pub fn write(&mut self, bytes: &[u8]) {
        match self {
            Output::Stream => print_bytes(bytes),
            Output::Collect(text) => text.extend_from_slice(bytes),
            Output::Events(events) => events.write(bytes),
        }
    }

    /// What is still to be printed.
    pub fn end(self, passed: bool, elapsed: Duration, failed_build: &str) -> Vec<u8> {
        match self {
            Output::Stream => Vec::new(),
            Output::Collect(text) => text,
            Output::Events(events) => {
                events.end(passed, elapsed.as_secs_f64(), failed_build);
                Vec::new()
            }
        }
    }
}

/// Events as lines on stdout.
pub(super) struct Lines;

impl Sink for Lines {
    fn line(&mut self, line: String) {
        print(&line);
    }

    fn now(&self) -> String {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        rfc3339(now)
    }
}

/// Universal time with nanoseconds, without trailing zeros.
fn rfc3339(since_1970: Duration) -> String {
    let (days, rest) = (since_1970.as_secs() / 86400, since_1970.as_secs() % 86400);
    // Years that begin in March, in eras of 400, put the leap day last.
    let shifted = days + 719_468;
    let (era, day) = (shifted / 146_097, shifted % 146_097);
    let year = (day - day / 1460 + day / 36524 - day / 146_096) / 365;
    let in_year = day - (365 * year + year / 4 - year / 100);
    let month = (5 * in_year + 2) / 153;
    let (date, month) = (in_year - (153 * month + 2) / 5 + 1, if month < 10 { month + 3 } else { month - 9 });
    let year = era * 400 + year + u64::from(month <= 2);
    let (hour, minute, second) = (rest / 3600, rest / 60 % 60, rest % 60);
    let fraction = format!("{:09}", since_1970.subsec_nanos());
    let fraction = match fraction.trim_end_matches('0') {
        "" => String::new(),
        digits => format!(".{digits}"),
    };
    format!("{year:04}-{month:02}-{date:02}T{hour:02}:{minute:02}:{second:02}{fraction}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_events() {
        assert_eq!(rfc3339(Duration::new(0, 0)), "1970-01-01T00:00:00Z");
        assert_eq!(rfc3339(Duration::new(951_782_400, 120_000_000)), "2000-02-29T00:00:00.12Z");
        assert_eq!(rfc3339(Duration::new(1_798_761_599, 1)), "2026-12-31T23:59:59.000000001Z");
    }
}
