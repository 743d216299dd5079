//! `-json`: a test binary's output as a stream of events, one JSON object a line.
//!
//! With `-test.v=test2json` package testing marks its own lines with `^V`, encloses errors in `^O` and `^N` and
//! escapes such characters elsewhere with `^[`, so that what a test prints is not taken for them.

use serde::Serialize;

const FRAME: u8 = 0x16;
const ERROR_BEGINS: u8 = 0x0f;
const ERROR_ENDS: u8 = 0x0e;
const ESCAPE: u8 = 0x1b;

/// Lines that are longer are passed on in parts, and begin nothing.
const MAX_LINE: usize = 4096;
/// Output of one event.
const MAX_OUTPUT: usize = 1024;

#[derive(Serialize, Default)]
#[serde(rename_all = "PascalCase")]
struct Event<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    time: Option<String>,
    action: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    package: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    test: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    elapsed: Option<serde_json::Number>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output: Option<&'a str>,
    #[serde(skip_serializing_if = "str::is_empty")]
    output_type: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    failed_build: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    key: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    value: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    path: &'a str,
}

/// A test's verdict that is told when its subtests and its output have been.
struct Report {
    action: &'static str,
    test: String,
    elapsed: Option<f64>,
}

/// Where events go, and what time it is.
pub(super) trait Sink {
    fn line(&mut self, line: String);
    /// As RFC 3339 with nanoseconds.
    fn now(&self) -> String;
}

/// The events of one package.
pub(super) struct Events<S: Sink> {
    sink: S,
    package: String,
    test: String,
    reports: Vec<Report>,
    result: &'static str,
    /// From here on only marked lines are package testing's own.
    marked: bool,
    in_error: bool,
    escaped: bool,
    input: Vec<u8>,
    /// The rest of a long line goes through as it is.
    in_long_line: bool,
    output: Vec<u8>,
}

impl<S: Sink> Events<S> {
    pub fn new(sink: S, package: &str) -> Events<S> {
        let mut events = Events {
            sink,
            package: package.to_owned(),
            test: String::new(),
            reports: Vec::new(),
            result: "",
            marked: false,
            in_error: false,
            escaped: false,
            input: Vec::new(),
            in_long_line: false,
            output: Vec::new(),
        };
        events.send(Event { action: "start", ..Event::default() });
        events
    }

    pub fn write(&mut self, bytes: &[u8]) {
        self.input.extend_from_slice(bytes);
        while let Some(end) = memchr::memchr(b'\n', &self.input) {
            let line: Vec<u8> = self.input.drain(..=end).collect();
            if std::mem::take(&mut self.in_long_line) || line.len() > MAX_LINE {
                self.put(&line, false);
            } else {
                self.line(&line);
            }
        }
        if self.input.len() > MAX_LINE {
            self.in_long_line = true;
            let part = std::mem::take(&mut self.input);
            self.put(&part, false);
        }
    }

    /// The package is through. `elapsed` in seconds; `failed_build` names what did not compile.
    pub fn end(mut self, passed: bool, elapsed: f64, failed_build: &str) {
        let rest = std::mem::take(&mut self.input);
        if self.in_long_line {
            self.put(&rest, false);
        } else if !rest.is_empty() {
            self.line(&rest);
        }
        self.flush();
        let action = match (passed, self.result) {
            (true, "skip") => "skip",
            (true, _) => "pass",
            (false, _) => "fail",
        };
        let elapsed = number((elapsed * 1000.0).round() / 1000.0);
        let failed_build = if action == "fail" { failed_build } else { "" };
        self.send(Event { action, elapsed, failed_build, ..Event::default() });
    }

    fn send(&mut self, event: Event<'_>) {
        let test = self.test.clone();
        let package = self.package.clone();
        let test = if event.test.is_empty() { test.as_str() } else { event.test };
        let event = Event { time: Some(self.sink.now()), package: &package, test, ..event };
        let text = serde_json::to_string(&event).expect("an event is text and numbers");
        // As Go's encoder writes them.
        let text = text.replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026");
        let text = text.replace('\u{2028}', "\\u2028").replace('\u{2029}', "\\u2029");
        self.sink.line(text + "\n");
    }

    fn line(&mut self, whole: &[u8]) {
        let is_marked = whole[0] == FRAME;
        if self.marked && !is_marked {
            return self.put(whole, false);
        }
        let line = if is_marked {
            self.flush();
            &whole[1..]
        } else {
            whole
        };
        let text = String::from_utf8_lossy(line);
        let text = text.strip_suffix('\n').unwrap_or(&text);
        let text = text.strip_suffix('\r').unwrap_or(text);
        if text == "PASS" || text == "FAIL" || text.starts_with("FAIL\t") {
            self.report_down_to(0);
            self.marked = is_marked;
            self.put(line, true);
            self.result = if text == "PASS" { "pass" } else { "fail" };
            return;
        }
        if text.starts_with("?   \t") && text.ends_with("\t[no test files]") && self.reports.is_empty() {
            self.result = "skip";
        }
        if let Some((action, rest)) = update(text) {
            self.marked = is_marked;
            self.report_down_to(0);
            return self.update(action, rest, line);
        }
        let mut indent = 0;
        let mut rest = text;
        while let Some(less) = rest.strip_prefix("    ") {
            (rest, indent) = (less, indent + 1);
        }
        match verdict(rest) {
            Some(report) if self.reports.len() >= indent => {
                self.marked = is_marked;
                self.report_down_to(indent);
                self.test = report.test.clone();
                self.reports.push(report);
                self.put(line, true);
            }
            Some(_) => self.put(line, false),
            None => {
                // Indented output belongs to the test whose verdict stands that deep.
                if indent > 0 && indent <= self.reports.len() {
                    self.test = self.reports[indent - 1].test.clone();
                }
                self.put(line, false);
            }
        }
    }

    /// `=== RUN   TestX` and its like.
    fn update(&mut self, action: &'static str, rest: &str, line: &[u8]) {
        let rest = rest.trim();
        let (name, more) = rest.split_once(' ').unwrap_or((rest, ""));
        let has_more = matches!(action, "artifacts" | "attr");
        self.test = if has_more { name } else { rest }.to_owned();
        if action == "name" {
            return;
        }
        if action == "pause" {
            self.put(line, true);
        }
        let (key, value) =
            if action == "attr" { more.split_once(' ').unwrap_or((more, "")) } else { ("", "") };
        let path = if action == "artifacts" { more } else { "" };
        self.flush();
        self.send(Event { action, key, value, path, ..Event::default() });
        if action != "pause" {
            self.put(line, true);
        }
    }

    /// Tells the verdicts that stand deeper than `depth`.
    fn report_down_to(&mut self, depth: usize) {
        self.flush();
        self.test.clear();
        while self.reports.len() > depth {
            let Report { action, test, elapsed } = self.reports.pop().expect("there are more than depth");
            self.send(Event { action, test: &test, elapsed: elapsed.and_then(number), ..Event::default() });
        }
    }

    /// Output: whole lines at once, a rest when there is more of it or something else comes.
    fn put(&mut self, bytes: &[u8], is_frame: bool) {
        self.output.extend_from_slice(bytes);
        loop {
            let end = match memchr::memchr(b'\n', &self.output) {
                Some(end) if end < MAX_OUTPUT => end + 1,
                _ if self.output.len() >= MAX_OUTPUT => whole_characters(&self.output[..MAX_OUTPUT]),
                _ => return,
            };
            let part: Vec<u8> = self.output.drain(..end).collect();
            self.tell(part, is_frame);
        }
    }

    fn flush(&mut self) {
        let rest = std::mem::take(&mut self.output);
        if !rest.is_empty() {
            self.tell(rest, false);
        }
    }

    /// One event of output, or several where errors begin or end in it.
    fn tell(&mut self, bytes: Vec<u8>, is_frame: bool) {
        let plain = if is_frame { "frame" } else { "" };
        let mut kind = if !is_frame && self.in_error { "error-continue" } else { plain };
        let mut part: Vec<u8> = Vec::new();
        let mut bytes = bytes.into_iter().peekable();
        while let Some(byte) = bytes.next() {
            if std::mem::take(&mut self.escaped) {
                part.push(byte);
                continue;
            }
            match byte {
                ESCAPE => self.escaped = true,
                ERROR_BEGINS => {
                    self.output_event(&part, kind);
                    part.clear();
                    self.in_error = true;
                    kind = "error";
                }
                ERROR_ENDS => {
                    part.extend(bytes.next_if_eq(&b'\n'));
                    self.output_event(&part, kind);
                    part.clear();
                    self.in_error = false;
                    kind = plain;
                }
                byte => part.push(byte),
            }
        }
        self.output_event(&part, kind);
    }

    fn output_event(&mut self, bytes: &[u8], output_type: &str) {
        if !bytes.is_empty() {
            let text = String::from_utf8_lossy(bytes);
            self.send(Event { action: "output", output: Some(&text), output_type, ..Event::default() });
        }
    }
}

/// As Go writes a float: `0`, `0.01`.
fn number(seconds: f64) -> Option<serde_json::Number> {
    if seconds.fract() == 0.0 { Some((seconds as u64).into()) } else { serde_json::Number::from_f64(seconds) }
}

/// How much of `bytes` ends with a whole character.
fn whole_characters(bytes: &[u8]) -> usize {
    let back = bytes.iter().rev().take(4).position(|&b| b & 0xc0 != 0x80).unwrap_or(0);
    let start = bytes.len() - 1 - back;
    let wanted = match bytes[start] {
        0xc0..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0.. => 4,
        _ => 1,
    };
    if wanted > back + 1 && start > 0 { start } else { bytes.len() }
}

fn update(text: &str) -> Option<(&'static str, &str)> {
    const UPDATES: &[(&str, &str)] = &[
        ("=== RUN   ", "run"),
        ("=== PAUSE ", "pause"),
        ("=== CONT  ", "cont"),
        ("=== NAME  ", "name"),
        ("=== PASS  ", "pass"),
        ("=== FAIL  ", "fail"),
        ("=== SKIP  ", "skip"),
        ("=== ATTR  ", "attr"),
        ("=== ARTIFACTS ", "artifacts"),
    ];
    if text == "=== NAME" {
        return Some(("name", ""));
    }
    UPDATES.iter().find_map(|(begin, action)| Some((*action, text.strip_prefix(begin)?)))
}

/// `--- PASS: TestX (0.01s)`
fn verdict(text: &str) -> Option<Report> {
    const VERDICTS: &[(&str, &str)] =
        &[("--- PASS: ", "pass"), ("--- FAIL: ", "fail"), ("--- SKIP: ", "skip"), ("--- BENCH: ", "bench")];
    let (action, rest) =
        VERDICTS.iter().find_map(|(begin, action)| Some((*action, text.strip_prefix(begin)?)))?;
    let rest = rest.trim();
    Some(match rest.split_once(" (") {
        Some((name, time)) => Report {
            action,
            test: name.to_owned(),
            elapsed: time.strip_suffix("s)").and_then(|seconds| seconds.parse().ok()),
        },
        None => Report { action, test: rest.to_owned(), elapsed: None },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::RefCell;
    use std::rc::Rc;

    struct Lines(Rc<RefCell<String>>);

    impl Sink for Lines {
        fn line(&mut self, line: String) {
            self.0
                .borrow_mut()
                .push_str(&line.replace("\"Time\":\"T\",", "").replace("\"Package\":\"p\",", ""));
        }

        fn now(&self) -> String {
            "T".to_owned()
        }
    }

    fn events(text: &[u8], passed: bool) -> String {
        let lines = Rc::new(RefCell::new(String::new()));
        let mut events = Events::new(Lines(lines.clone()), "p");
        events.write(text);
        events.end(passed, 0.0014, "");
        lines.take()
    }

    #[test]
    fn tests_and_their_output() {
        let text = b"\x16=== RUN   TestA\nhi\n\x16=== RUN   TestA/b\n\x16=== NAME  TestA\n\
            \x16--- FAIL: TestA (0.02s)\n\x16    --- PASS: TestA/b (0.00s)\n\x16FAIL\n";
        let expected = r#"{"Action":"start","Package":"p"}
{"Action":"run","Test":"TestA"}
{"Action":"output","Test":"TestA","Output":"=== RUN   TestA\n","OutputType":"frame"}
{"Action":"output","Test":"TestA","Output":"hi\n"}
{"Action":"run","Test":"TestA/b"}
{"Action":"output","Test":"TestA/b","Output":"=== RUN   TestA/b\n","OutputType":"frame"}
{"Action":"output","Test":"TestA","Output":"--- FAIL: TestA (0.02s)\n","OutputType":"frame"}
"#;
        let got = events(text, false);
        assert!(got.starts_with(expected), "{got}");
        assert!(got.contains("{\"Action\":\"fail\",\"Test\":\"TestA\",\"Elapsed\":0.02}\n"), "{got}");
        assert!(got.ends_with("{\"Action\":\"fail\",\"Elapsed\":0.001}\n"), "{got}");
    }

    #[test]
    fn errors_are_enclosed_and_marks_escaped() {
        let got = events(b"\x16=== RUN   T\n\x0f    x.go:1: a<b\x0e\n\x1b\x16z\n", true);
        assert!(
            got.contains(
                r#"{"Action":"output","Test":"T","Output":"    x.go:1: a\u003cb\n","OutputType":"error"}"#
            ),
            "{got}"
        );
        assert!(got.contains(r#""Output":"\u0016z\n"}"#), "{got}");
        // A test without a verdict is the last one that was named.
        assert!(got.ends_with("{\"Action\":\"pass\",\"Test\":\"T\",\"Elapsed\":0.001}\n"), "{got}");
    }

    #[test]
    fn no_test_files_is_a_skip() {
        let got = events(b"?   \tp\t[no test files]\n", true);
        assert!(got.ends_with("{\"Action\":\"skip\",\"Elapsed\":0.001}\n"), "{got}");
    }
}
