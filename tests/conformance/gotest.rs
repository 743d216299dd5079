//! The `// run` programs of golang's `test` directory, as Debian packages them (`golang-1.19-src`).
//!
//! Each is built by us and run; its standard output and error together must equal the `.out` file beside it, or be empty.
//! Those that need a newer language rule than they were written for fail with the reference as well: the ledger
//! lists them apart, having been found by running the reference when the ledger was made.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::command::{Ran, in_parallel, reference, run, suite_dir, thermos};
use crate::golang::{self, Case};
use crate::ledger::{Ledger, Outcome};

const BUILD_LIMIT: Duration = Duration::from_secs(120);
const RUN_LIMIT: Duration = Duration::from_secs(30);

/// Runs the suite and compares it with the ledger.
pub fn check(goroot: &Path) -> Result<String, String> {
    let tests = golang::test_dir()?;
    let ledger = Ledger::new(
        "gotest",
        "The `// run` programs of golang's test directory (Debian golang-1.19-src), linux/amd64",
    );
    let updating = std::env::var_os("UPDATE_LEDGER").is_some();
    let known_bad = if updating { Vec::new() } else { ledger.reference_fails() };
    let cases = golang::cases(&tests, &["run"], &|flag| Some(format!("needs gc's flag {flag}")));
    let results = in_parallel(&cases, |case| {
        if let Some(reason) = &case.skip {
            return Outcome::Skip(reason.clone());
        }
        if known_bad.contains(&case.name) {
            return Outcome::ReferenceFails;
        }
        match attempt(case, || thermos(goroot)) {
            Ok(()) => Outcome::Pass,
            Err(_) if updating && attempt(case, || reference(goroot)).is_err() => Outcome::ReferenceFails,
            Err(why) => Outcome::Fail(why),
        }
    });
    let outcomes: BTreeMap<String, Outcome> = cases.into_iter().map(|c| c.name).zip(results).collect();
    ledger.settle(&outcomes)
}

/// Builds and runs one program with the tool chain that `go` makes commands for.
fn attempt(case: &Case, go: impl Fn() -> Command) -> Result<(), String> {
    let dir = tempfile::tempdir_in(suite_dir()).expect("a writable target directory");
    let exe = dir.path().join("a.exe");
    let built =
        run(go().arg("build").arg("-o").arg(&exe).arg(&case.path).current_dir(dir.path()), BUILD_LIMIT);
    if !built.success() {
        return Err(format!("build: {}", built.first_words()));
    }
    let ran = run(Command::new(&exe).args(&case.args).current_dir(dir.path()), RUN_LIMIT);
    judge(case, &ran)
}

fn judge(case: &Case, ran: &Ran) -> Result<(), String> {
    if !ran.success() {
        return Err(format!("exit {}: {}", ran.code(), ran.first_words()));
    }
    let expected = std::fs::read(case.path.with_extension("out")).unwrap_or_default();
    // The suite writes to one of the two only, so their order does not matter.
    let found = [&ran.stdout[..], &ran.stderr[..]].concat();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).replace("\r\n", "\n");
    if text(&found) == text(&expected) {
        return Ok(());
    }
    Err(format!("output differs: {}", ran.first_words()))
}
