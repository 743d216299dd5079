//! golang's `// errorcheck` and `// errorcheckdir` cases: exactly the errors that the comments ask for.
//!
//! `// ERROR "expression" "expression"` (or `// GC_ERROR`) wants an error on its line for each expression; `LINE` in one
//! stands for the place, `LINE-2` for one two lines above. No other line may have an error. `// errorcheck -0` wants none at
//! all. `ONLY=issue4` runs the cases whose names contain the text and prints what is wrong with them.

use std::collections::BTreeMap;
use std::path::Path;

use regex::Regex;

use crate::frontend::{self, Said};
use crate::golang::{self, Case};
use crate::ledger::{Ledger, Outcome};

const KINDS: &[&str] = &["errorcheck", "errorcheckdir"];

pub fn check(goroot: &Path) -> Result<String, String> {
    let tests = golang::test_dir()?;
    let ledger = Ledger::new(
        "goerrors",
        "The `// errorcheck` and `// errorcheckdir` cases of golang's test directory: exactly the errors they ask for",
    );
    let updating = std::env::var_os("UPDATE_LEDGER").is_some();
    let known_bad = if updating { Vec::new() } else { ledger.reference_fails() };
    let unfit = |flag: &str| match flag {
        "-0" | "-lang" | "-e" | "-s" | "-t" | "-complete" => None,
        // Stops the compiler with a traceback when it has an error that it should not have.
        "-d" => None,
        flag => Some(format!("about gc's flag {flag}")),
    };
    let only = std::env::var("ONLY").ok();
    let mut cases = golang::cases(&tests, KINDS, &unfit);
    if let Some(only) = &only {
        cases.retain(|case| case.name.contains(only.as_str()));
    }
    for case in &mut cases {
        if case.args.iter().any(|a| a == "-e=0") {
            case.skip.get_or_insert("about gc's flag -e=0".to_owned());
        }
        if let Some(debug) = case.args.iter().find(|a| a.starts_with("-d=") && *a != "-d=panic") {
            case.skip.get_or_insert(format!("about gc's flag {}", debug.split('/').next().unwrap_or(debug)));
        }
    }
    let results = frontend::each(goroot, &cases, |case, library| {
        if let Some(reason) = &case.skip {
            return Outcome::Skip(reason.clone());
        }
        if known_bad.contains(&case.name) {
            return Outcome::ReferenceFails;
        }
        let problems = judge(case, &frontend::ours(case, library, false));
        if only.is_some() {
            problems.iter().for_each(|p| println!("{}: {p}", case.name));
        }
        match problems.first() {
            None => Outcome::Pass,
            Some(_) if updating && !judge(case, &frontend::theirs(case, goroot)).is_empty() => {
                Outcome::ReferenceFails
            }
            Some(first) => Outcome::Fail(first.chars().take(200).collect::<String>().replace('\n', " ")),
        }
    });
    let outcomes: BTreeMap<String, Outcome> = cases.into_iter().map(|c| c.name).zip(results).collect();
    ledger.settle(&outcomes)
}

fn judge(case: &Case, said: &[Said]) -> Vec<String> {
    let packages = case.packages();
    let wants_errors = !case.args.iter().any(|a| a == "-0");
    let mut problems = Vec::new();
    for (i, package) in packages.iter().enumerate() {
        let Some(said) = said.get(i) else { break };
        let is_last = i + 1 == packages.len();
        match (said.ok, is_last && wants_errors) {
            (true, true) => problems.push("compiles".to_owned()),
            (false, false) => problems.push(format!("does not compile: {}", said.lines.join("; "))),
            _ => {}
        }
        let mut left = said.lines.clone();
        for file in &package.files {
            let name = file.file_name().expect("a file's name").to_string_lossy().into_owned();
            let text =
                String::from_utf8_lossy(&std::fs::read(file).expect("the unpacked suite")).into_owned();
            match_file(&name, &text, &mut left, &mut problems);
        }
        problems.extend(left.into_iter().map(|line| format!("not expected: {line}")));
    }
    problems
}

/// Takes what the file asks for out of `left`.
fn match_file(name: &str, text: &str, left: &mut Vec<String>, problems: &mut Vec<String>) {
    let comment = Regex::new(r"// (?:GC_)?ERROR (.*)").expect("a valid pattern");
    let quoted = Regex::new(r#""([^"]*)""#).expect("a valid pattern");
    let place = Regex::new(r"LINE(?:([+-])(\d+))?").expect("a valid pattern");
    for (i, line) in text.lines().enumerate() {
        let number = i + 1;
        // Four slashes take a comment out.
        if line.contains("////") {
            continue;
        }
        let Some(wanted) = comment.captures(line) else { continue };
        let prefix = format!("{name}:{number}:");
        let (mut here, others): (Vec<String>, Vec<String>) =
            std::mem::take(left).into_iter().partition(|l| l.starts_with(&prefix));
        *left = others;
        for pattern in quoted.captures_iter(&wanted[1]) {
            let pattern = place.replace_all(&pattern[1], |at: &regex::Captures<'_>| {
                let distance = at.get(2).map_or(0, |n| n.as_str().parse::<usize>().unwrap_or(0));
                let line = match at.get(1).map(|s| s.as_str()) {
                    Some("+") => number + distance,
                    _ => number - distance,
                };
                format!("{name}:{line}")
            });
            let Ok(pattern) = Regex::new(&rust_pattern(&pattern)) else {
                problems.push(format!("{prefix} bad pattern {pattern}"));
                continue;
            };
            let before = here.len();
            here.retain(|line| !pattern.is_match(&line[prefix.len()..]));
            if here.len() == before {
                problems.push(format!("{prefix} not reported: {pattern} (but {here:?})"));
            }
        }
        left.extend(here);
    }
}

/// Go's expressions take a brace that begins no repetition for itself.
fn rust_pattern(pattern: &str) -> String {
    let repetition = Regex::new(r"^\{\d+(,\d*)?\}").expect("a valid pattern");
    let mut out = String::new();
    let mut rest = pattern;
    while let Some(c) = rest.chars().next() {
        let whole = repetition.find(rest).map(|m| m.as_str());
        let (taken, escaped) = match (c, whole) {
            ('\\', _) => (rest.chars().take(2).map(char::len_utf8).sum(), false),
            ('{', Some(repetition)) => (repetition.len(), false),
            ('{' | '}', _) => (1, true),
            _ => (c.len_utf8(), false),
        };
        if escaped {
            out.push('\\');
        }
        out.push_str(&rest[..taken]);
        rest = &rest[taken..];
    }
    out
}
