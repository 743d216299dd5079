//! golang's `// compile` and `// compiledir` cases: checked and lowered without a complaint.
//!
//! `ONLY=issue4` runs the cases whose names contain the text and prints what is wrong with them.

use std::collections::BTreeMap;
use std::path::Path;

use crate::frontend::{self, Said};
use crate::golang;
use crate::ledger::{Ledger, Outcome};

const KINDS: &[&str] = &["compile", "compiledir"];

pub fn check(goroot: &Path) -> Result<String, String> {
    let tests = golang::test_dir()?;
    let ledger = Ledger::new(
        "gocompile",
        "The `// compile` and `// compiledir` cases of golang's test directory, checked and lowered",
    );
    let updating = std::env::var_os("UPDATE_LEDGER").is_some();
    let known_bad = if updating { Vec::new() } else { ledger.reference_fails() };
    let unfit = |flag: &str| (flag == "-goexperiment").then(|| format!("about gc's flag {flag}"));
    let only = std::env::var("ONLY").ok();
    let mut cases = golang::cases(&tests, KINDS, &unfit);
    if let Some(only) = &only {
        cases.retain(|case| case.name.contains(only.as_str()));
    }
    let results = frontend::each(goroot, &cases, |case, library| {
        if let Some(reason) = &case.skip {
            return Outcome::Skip(reason.clone());
        }
        if known_bad.contains(&case.name) {
            return Outcome::ReferenceFails;
        }
        match complaint(&frontend::ours(case, library, true)) {
            None => Outcome::Pass,
            Some(_) if updating && complaint(&frontend::theirs(case, goroot)).is_some() => {
                Outcome::ReferenceFails
            }
            Some(why) => {
                if only.is_some() {
                    println!("{}: {why}", case.name);
                }
                Outcome::Fail(why.chars().take(200).collect::<String>().replace('\n', " "))
            }
        }
    });
    let outcomes: BTreeMap<String, Outcome> = cases.into_iter().map(|c| c.name).zip(results).collect();
    ledger.settle(&outcomes)
}

fn complaint(said: &[Said]) -> Option<String> {
    let bad = said.iter().find(|s| !s.ok)?;
    Some(bad.lines.first().cloned().unwrap_or_else(|| "fails".to_owned()))
}
