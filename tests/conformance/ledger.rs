//! A suite's committed result: totals, what fails and why, what is left out and why.
//!
//! ```text
//! # title
//! pass 512/530
//! fail NAME: reason
//! unsteady NAME: reason          (seen to pass and to fail: counts as failing, and either outcome agrees)
//! reference-fails NAME
//! skip NAME: reason
//! ```
//! A run that is worse than the ledger fails its test; one that is better says so. With `UPDATE_LEDGER=1` the file is
//! rewritten, reasons being kept, and the change shows in review.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;

/// What became of one case.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Outcome {
    Pass,
    /// With the first words of what went wrong.
    Fail(String),
    /// The reference fails it too, so it judges nobody.
    ReferenceFails,
    Skip(String),
}

/// The file `fixtures/conformance/<suite>.txt`.
pub struct Ledger {
    path: PathBuf,
    title: String,
}

impl Ledger {
    pub fn new(suite: &str, title: &str) -> Ledger {
        let path =
            PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("fixtures/conformance/{suite}.txt"));
        Ledger { path, title: title.to_owned() }
    }

    /// Names that the ledger says the reference fails: they need not be run.
    pub fn reference_fails(&self) -> Vec<String> {
        self.lines("reference-fails ")
    }

    fn text(&self) -> String {
        std::fs::read_to_string(&self.path).unwrap_or_default()
    }

    fn lines(&self, kind: &str) -> Vec<String> {
        self.text().lines().filter_map(|l| l.strip_prefix(kind).map(str::to_owned)).collect()
    }

    /// The cases of a kind with their reasons.
    fn entries(&self, kind: &str) -> BTreeMap<String, String> {
        self.lines(kind)
            .into_iter()
            .map(|l| match l.split_once(": ") {
                Some((name, reason)) => (name.to_owned(), reason.to_owned()),
                None => (l, String::new()),
            })
            .collect()
    }

    /// Compares the outcomes with the ledger, or rewrites it. The error lists the differences.
    pub fn settle(&self, outcomes: &BTreeMap<String, Outcome>) -> Result<String, String> {
        let unsteady = self.entries("unsteady ");
        let steady_pass = |(name, outcome): &(&String, &Outcome)| {
            **outcome == Outcome::Pass && !unsteady.contains_key(*name)
        };
        let n_pass = outcomes.iter().filter(steady_pass).count();
        let judged = outcomes.values().filter(|o| matches!(o, Outcome::Pass | Outcome::Fail(_))).count();
        let summary = format!("pass {n_pass}/{judged}");
        let known = self.entries("fail ");
        if std::env::var_os("UPDATE_LEDGER").is_some() {
            self.rewrite(outcomes, &known, &unsteady, &summary);
            return Ok(summary);
        }
        let mut differences = String::new();
        for (name, outcome) in outcomes.iter().filter(|(name, _)| !unsteady.contains_key(*name)) {
            match (outcome, known.get(name)) {
                (Outcome::Fail(why), None) => _ = writeln!(differences, "{name} fails: {why}"),
                // Good news fails nobody, but wants to be recorded.
                (Outcome::Pass, Some(_)) => println!("{name} passes now: UPDATE_LEDGER=1 records it"),
                _ => (),
            }
        }
        for name in known.keys().filter(|name| !outcomes.contains_key(*name)) {
            _ = writeln!(differences, "{name} is in the ledger but not in the suite");
        }
        if differences.is_empty() { Ok(summary) } else { Err(format!("{summary}\n{differences}")) }
    }

    fn rewrite(
        &self,
        outcomes: &BTreeMap<String, Outcome>,
        known: &BTreeMap<String, String>,
        unsteady: &BTreeMap<String, String>,
        summary: &str,
    ) {
        let mut text = format!("# {}\n{summary}\n", self.title);
        for (name, outcome) in outcomes {
            match outcome {
                _ if unsteady.contains_key(name) => _ = writeln!(text, "unsteady {name}: {}", unsteady[name]),
                Outcome::Pass => (),
                Outcome::Fail(why) => {
                    let reason = known.get(name).filter(|r| !r.is_empty()).unwrap_or(why);
                    _ = writeln!(text, "fail {name}: {reason}");
                }
                Outcome::ReferenceFails => _ = writeln!(text, "reference-fails {name}"),
                Outcome::Skip(reason) => _ = writeln!(text, "skip {name}: {reason}"),
            }
        }
        std::fs::create_dir_all(self.path.parent().expect("the ledgers' directory"))
            .expect("a writable checkout");
        std::fs::write(&self.path, text).expect("a writable checkout");
    }
}
