//! Our own programs, `fixtures/programs`, each built and run by us and by the reference: standard output, standard error
//! and exit code must agree, addresses and what depends on them aside.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;
use std::time::Duration;

use regex::Regex;

use crate::command::{Ran, in_parallel, reference, run, suite_dir, thermos};
use crate::ledger::{Ledger, Outcome};

const BUILD_LIMIT: Duration = Duration::from_secs(300);
const RUN_LIMIT: Duration = Duration::from_secs(20);

/// Runs every program both ways and compares the result with the ledger.
pub fn check(goroot: &Path) -> Result<String, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/programs");
    let mut names: Vec<String> = std::fs::read_dir(&root)
        .map_err(|e| e.to_string())?
        .filter_map(|e| Some(e.ok()?.file_name().to_str()?.to_owned()))
        .collect();
    names.sort();
    let results = in_parallel(&names, |name| compare(&root.join(name).join("main.go"), goroot));
    let outcomes: BTreeMap<String, Outcome> = names.into_iter().zip(results).collect();
    Ledger::new(
        "programs",
        "fixtures/programs: stdout, stderr and exit code as with the reference, linux/amd64",
    )
    .settle(&outcomes)
}

fn compare(file: &Path, goroot: &Path) -> Outcome {
    let (ours, theirs) = (attempt(file, thermos(goroot)), attempt(file, reference(goroot)));
    let theirs = match theirs {
        Ok(ran) => ran,
        Err(why) => return Outcome::Fail(format!("the reference does not build it: {why}")),
    };
    match ours {
        Err(why) => Outcome::Fail(format!("build: {why}")),
        Ok(ours) => match difference(&ours, &theirs) {
            None => Outcome::Pass,
            Some(why) => Outcome::Fail(why),
        },
    }
}

fn attempt(file: &Path, mut go: Command) -> Result<Ran, String> {
    let dir = tempfile::tempdir_in(suite_dir()).expect("a writable target directory");
    let exe: PathBuf = dir.path().join("program");
    let built = run(go.arg("build").arg("-o").arg(&exe).arg(file), BUILD_LIMIT);
    if !built.success() {
        return Err(built.first_words());
    }
    Ok(run(Command::new(&exe).current_dir(dir.path()).env_remove("GOTRACEBACK"), RUN_LIMIT))
}

/// The first difference in words; `None`: they agree.
fn difference(ours: &Ran, theirs: &Ran) -> Option<String> {
    if ours.code() != theirs.code() {
        return Some(format!(
            "exit code {} instead of {}: {}",
            ours.code(),
            theirs.code(),
            ours.first_words()
        ));
    }
    first_difference("stdout", &ours.stdout, &theirs.stdout)
        .or_else(|| first_difference("stderr", &ours.stderr, &theirs.stderr))
}

fn first_difference(stream: &str, ours: &[u8], theirs: &[u8]) -> Option<String> {
    let (ours, theirs) = (normal(ours), normal(theirs));
    if ours == theirs {
        return None;
    }
    let mut pairs = ours.lines().zip(theirs.lines()).enumerate();
    let (line, (our, their)) = pairs.find(|(_, (a, b))| a != b).unwrap_or_else(|| {
        let n = ours.lines().count().min(theirs.lines().count());
        (n, (ours.lines().nth(n).unwrap_or("(end)"), theirs.lines().nth(n).unwrap_or("(end)")))
    });
    let short = |s: &str| s.chars().take(100).collect::<String>();
    Some(format!("{stream} line {}: {:?} instead of {:?}", line + 1, short(our), short(their)))
}

/// Without what differs between two runs of one binary, or follows from the layout of code and stacks:
/// addresses, arguments shown in tracebacks, offsets into functions, goroutine numbers, the size of a full stack; and
/// where a function of the runtime is written, as some of them are ours.
fn normal(text: &[u8]) -> String {
    static RULES: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
        [
            (r"0x[0-9a-f]+", "0x?"),
            (r"(?m)^(\S.*)\((?:\{?(?:0x\?|_|\.\.\.)\??[},{ ]*)+\)$", "$1(...)"),
            (r"(?m)^(\S+)\((?:\.\.\.|\{\})\)$", "$1()"),
            (r" \+0x\?", ""),
            (r"goroutine \d+", "goroutine ?"),
            (r" gp=0x\?| m=\d+| mp=0x\?", ""),
            (r"\.\.\.\d+ frames elided", "...? frames elided"),
            (r"(?m)^(runtime\.\S+)\n\t\S+:\d+", "$1\n\t(runtime)"),
        ]
        .into_iter()
        .map(|(pattern, with)| (Regex::new(pattern).expect("a valid pattern"), with))
        .collect()
    });
    let mut text = String::from_utf8_lossy(text).into_owned();
    for (pattern, with) in RULES.iter() {
        text = pattern.replace_all(&text, *with).into_owned();
    }
    text
}
