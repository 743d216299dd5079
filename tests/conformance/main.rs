//! The suites that judge us and are not ours, one trial each; the ledgers in `fixtures/conformance` hold their results.
//!
//! # To add a suite
//! 1. Write its module with `check(goroot) -> Result<summary, differences>`, ending in [`ledger::Ledger::settle`].
//! 2. Add it to [`SUITES`]. 3. Run with `UPDATE_LEDGER=1` and commit the ledger.

mod command;
mod frontend;
mod gocompile;
mod goerrors;
mod golang;
mod gotest;
mod ledger;
mod library;
mod programs;
mod provision;
mod select;
mod stdcode;
mod stdlib;
mod stdtest;
mod typesuite;

use std::path::Path;
use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};

type Suite = fn(goroot: &Path) -> Result<String, String>;

/// Every suite, in the order in which a failure says most.
const SUITES: &[(&str, Suite)] = &[
    ("programs", programs::check),
    ("gotest", gotest::check),
    ("goerrors", goerrors::check),
    ("gocompile", gocompile::check),
    ("stdtest", stdtest::check),
    ("stdlib", stdlib::check),
    ("types", typesuite::check),
    ("stdcode", stdcode::check),
];

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    // A suite runs on all processors by itself.
    arguments.test_threads = Some(1);
    let trials = SUITES
        .iter()
        .map(|&(name, suite)| {
            Trial::test(name, move || {
                let summary = suite(&provision::goroot()?)?;
                println!("{name}: {summary}");
                Ok(())
            })
        })
        .collect();
    libtest_mimic::run(&arguments, trials).exit_code()
}
