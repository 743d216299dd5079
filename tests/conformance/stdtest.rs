//! The standard library's own tests, run by `thermos test -short`, package by package.
//!
//! `STDTEST=quick` (the default) runs the packages of [`QUICK`], `STDTEST=all` every package that has tests,
//! `STDTEST=net/http,time` those. The ledger names each test that fails, and is written for the packages that ran:
//!
//! ```text
//! # title
//! pass 200/258                            (packages that pass, of those that the reference passes)
//! fail PACKAGE TEST: reason
//! fail PACKAGE: reason                    (it does not build, or ends before its tests do)
//! unsteady PACKAGE TEST: reason           (seen to pass and to fail: either agrees)
//! reference-fails PACKAGE TEST            (on the machine where the ledger was made)
//! skip PACKAGE: reason
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::command::{self, Ran};

/// Packages that CI runs: small ones of every kind.
const QUICK: &[&str] = &[
    "bufio",
    "cmp",
    "container/heap",
    "container/list",
    "encoding/base64",
    "encoding/binary",
    "errors",
    "hash/crc32",
    "html",
    "internal/sync",
    "io",
    "iter",
    "maps",
    "math/bits",
    "math/cmplx",
    "path",
    "path/filepath",
    "slices",
    "sort",
    "strconv",
    "strings",
    "text/tabwriter",
    "unicode",
    "unicode/utf16",
    "unicode/utf8",
];

/// For building and running one package's tests.
const LIMIT: Duration = Duration::from_secs(900);
/// For the tests of one package.
const TIMEOUT: &str = "-timeout=400s";

/// What is known of one package's tests.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
struct Results {
    /// Tests, or "" for the package as a whole, with the first words.
    failing: BTreeMap<String, String>,
    n_tests: usize,
}

pub fn check(goroot: &Path) -> Result<String, String> {
    let ledger = Ledger::read();
    let all = packages(goroot)?;
    let chosen: Vec<String> = match std::env::var("STDTEST").as_deref() {
        Err(_) | Ok("quick") => QUICK.iter().map(|p| (*p).to_owned()).collect(),
        Ok("all") => all.iter().filter(|p| !ledger.skipped.contains_key(*p)).cloned().collect(),
        Ok(list) => list.split(',').map(str::to_owned).collect(),
    };
    let mut results = BTreeMap::new();
    for package in &chosen {
        let result = run(command::thermos(goroot), package);
        println!("{package}: {} tests, {} fail", result.n_tests, result.failing.len());
        results.insert(package.clone(), result);
    }
    if std::env::var_os("UPDATE_LEDGER").is_some() {
        return Ok(ledger.updated(goroot, &all, &results));
    }
    let differences = ledger.differences(&results);
    let n_pass = results.values().filter(|r| r.failing.is_empty()).count();
    let summary = format!("{n_pass} of {} packages pass", results.len());
    if differences.is_empty() { Ok(summary) } else { Err(format!("{summary}\n{differences}")) }
}

/// Every package of the standard library that has tests.
fn packages(goroot: &Path) -> Result<Vec<String>, String> {
    let format = "{{if or .TestGoFiles .XTestGoFiles}}{{.ImportPath}}{{end}}";
    let mut list = command::thermos(goroot);
    list.args(["list", "-f", format, "std"]).current_dir(goroot.join("src"));
    let ran = command::run(&mut list, LIMIT);
    if !ran.success() {
        return Err(format!("listing std: {}", ran.first_words()));
    }
    let text = String::from_utf8_lossy(&ran.stdout).into_owned();
    let named = text.lines().filter(|line| !line.is_empty() && !line.starts_with("vendor/"));
    Ok(named.map(str::to_owned).collect())
}

fn run(mut go: Command, package: &str) -> Results {
    go.args(["test", "-short", "-json", "-count=1", "-vet=off", TIMEOUT, package]);
    let ran = command::run(go.current_dir(command::suite_dir()), LIMIT);
    read(&ran)
}

/// Reads the events of one package.
fn read(ran: &Ran) -> Results {
    let mut results = Results::default();
    let mut words: BTreeMap<String, String> = BTreeMap::new();
    for line in String::from_utf8_lossy(&ran.stdout).lines() {
        let Ok(event) = serde_json::from_str::<serde_json::Value>(line) else { continue };
        let text = |name: &str| event.get(name).and_then(|v| v.as_str()).unwrap_or("").to_owned();
        let (action, test) = (text("Action"), text("Test"));
        // Subtests fail their test.
        let top = test.split('/').next().unwrap_or("").to_owned();
        match action.as_str() {
            "output" | "build-output" => note_words(&mut words, &top, &text("Output")),
            "pass" | "fail" | "skip" if !test.is_empty() && test == top => {
                results.n_tests += 1;
                if action == "fail" {
                    let why = words.get(&top).cloned().unwrap_or_default();
                    results.failing.insert(top, why);
                }
            }
            _ => {}
        }
    }
    let told = results.failing.keys().any(|test| !test.is_empty());
    let broken = words.get("").filter(|why| !why.is_empty() && (!told || is_crash(why)));
    if !ran.success() && (!told || broken.is_some()) {
        let why = broken.cloned().unwrap_or_else(|| ran.first_words());
        results.failing.insert(String::new(), why);
    }
    results
}

fn is_crash(words: &str) -> bool {
    ["panic:", "fatal error:", "SIG", "signal:", "*** Test killed"]
        .iter()
        .any(|begin| words.starts_with(begin))
}

/// Keeps the first words that say what went wrong; those of a crash count for the package.
fn note_words(words: &mut BTreeMap<String, String>, test: &str, output: &str) {
    let line = output.trim();
    let frames = ["=== ", "--- ", "PASS", "FAIL", "ok  ", "# ", "exit status"];
    if line.is_empty() || frames.iter().any(|begin| line.starts_with(begin)) {
        return;
    }
    let line: String = line.chars().take(140).collect();
    if is_crash(&line) {
        words.entry(String::new()).or_insert_with(|| line.clone());
    }
    words.entry(test.to_owned()).or_insert(line);
}

/// `fixtures/conformance/stdtest.txt`
#[derive(Default)]
struct Ledger {
    /// By package and test.
    failing: BTreeMap<(String, String), String>,
    unsteady: BTreeMap<(String, String), String>,
    reference_fails: BTreeSet<(String, String)>,
    skipped: BTreeMap<String, String>,
}

impl Ledger {
    fn path() -> PathBuf {
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures/conformance/stdtest.txt")
    }

    fn read() -> Ledger {
        Ledger::parse(&std::fs::read_to_string(Ledger::path()).unwrap_or_default())
    }

    fn parse(text: &str) -> Ledger {
        let mut ledger = Ledger::default();
        for line in text.lines() {
            let Some((kind, rest)) = line.split_once(' ') else { continue };
            let (names, reason) = rest.split_once(": ").unwrap_or((rest, ""));
            let (package, test) = names.split_once(' ').unwrap_or((names, ""));
            let key = (package.to_owned(), test.to_owned());
            match kind {
                "fail" => _ = ledger.failing.insert(key, reason.to_owned()),
                "unsteady" => _ = ledger.unsteady.insert(key, reason.to_owned()),
                "reference-fails" => _ = ledger.reference_fails.insert(key),
                "skip" => _ = ledger.skipped.insert(package.to_owned(), reason.to_owned()),
                _ => {}
            }
        }
        ledger
    }

    /// What is worse than the ledger.
    fn differences(&self, results: &BTreeMap<String, Results>) -> String {
        let mut out = String::new();
        for (package, result) in results {
            // Of a package that ends early every test is excused, as is the end.
            let known_broken = self.failing.contains_key(&(package.clone(), String::new()));
            for (test, why) in &result.failing {
                let key = (package.clone(), test.clone());
                let known = self.failing.contains_key(&key)
                    || self.unsteady.contains_key(&key)
                    || self.reference_fails.contains(&key);
                if !known && !known_broken {
                    let _ = writeln!(out, "{package} {test} fails: {why}");
                }
            }
            for (_, test) in self.failing.keys().filter(|(p, _)| p == package) {
                if !result.failing.contains_key(test) {
                    println!("{package} {test} passes now: UPDATE_LEDGER=1 records it");
                }
            }
        }
        out
    }

    /// Writes the ledger with these results; the summary.
    fn updated(mut self, goroot: &Path, all: &[String], results: &BTreeMap<String, Results>) -> String {
        for (package, result) in results {
            let old: BTreeMap<String, String> = self
                .failing
                .iter()
                .filter(|((p, _), _)| p == package)
                .map(|((_, test), reason)| (test.clone(), reason.clone()))
                .collect();
            self.failing.retain(|(p, _), _| p != package);
            self.reference_fails.retain(|(p, _)| p != package);
            if result.failing.is_empty() {
                continue;
            }
            // Whoever fails with us is asked of the reference too.
            let reference = run(command::reference(goroot), package);
            for (test, why) in &result.failing {
                let key = (package.clone(), test.clone());
                if reference.failing.contains_key(test) {
                    self.reference_fails.insert(key);
                } else if !self.unsteady.contains_key(&key) {
                    let why = old.get(test).filter(|reason| !reason.is_empty()).unwrap_or(why);
                    self.failing.insert(key, without_places(why, goroot));
                }
            }
        }
        let text = self.text(all);
        std::fs::write(Ledger::path(), &text).expect("a writable checkout");
        text.lines().nth(1).unwrap_or_default().to_owned()
    }

    fn text(&self, all: &[String]) -> String {
        let fails =
            |package: &String| self.failing.keys().chain(self.unsteady.keys()).any(|(p, _)| p == package);
        let n_pass = all.iter().filter(|p| !fails(p) && !self.skipped.contains_key(*p)).count();
        let mut out = format!(
            "# The standard library's own tests (`thermos test -short`), packages\npass {n_pass}/{}\n",
            all.len()
        );
        let names = |(package, test): &(String, String)| match test.as_str() {
            "" => package.clone(),
            test => format!("{package} {test}"),
        };
        for (key, reason) in &self.failing {
            let _ = writeln!(out, "fail {}: {reason}", names(key));
        }
        for (key, reason) in &self.unsteady {
            let _ = writeln!(out, "unsteady {}: {reason}", names(key));
        }
        for key in &self.reference_fails {
            let _ = writeln!(out, "reference-fails {}", names(key));
        }
        for (package, reason) in &self.skipped {
            let _ = writeln!(out, "skip {package}: {reason}");
        }
        out
    }
}

/// Without the directories of this machine.
fn without_places(words: &str, goroot: &Path) -> String {
    words
        .replace(&format!("{}/", goroot.display()), "")
        .replace(&format!("{}/", command::suite_dir().display()), "")
}
