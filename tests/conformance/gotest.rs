//! The `// run` programs of golang's `test` directory, as Debian packages them (`golang-1.19-src`).
//!
//! Each is built by us and run; its standard output and error together must equal the `.out` file beside it, or be empty.
//! Those that need a newer language rule than they were written for fail with the reference as well: the ledger
//! lists them apart, having been found by running the reference when the ledger was made.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::command::{Ran, in_parallel, reference, run, suite_dir, thermos};
use crate::ledger::{Ledger, Outcome};

const BUILD_LIMIT: Duration = Duration::from_secs(120);
const RUN_LIMIT: Duration = Duration::from_secs(30);

/// Runs the suite and compares it with the ledger.
pub fn check(goroot: &Path) -> Result<String, String> {
    let tests = test_dir()?;
    let ledger = Ledger::new(
        "gotest",
        "The `// run` programs of golang's test directory (Debian golang-1.19-src), linux/amd64",
    );
    let updating = std::env::var_os("UPDATE_LEDGER").is_some();
    let known_bad = if updating { Vec::new() } else { ledger.reference_fails() };
    let cases = cases(&tests);
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

struct Case {
    name: String,
    path: PathBuf,
    args: Vec<String>,
    skip: Option<String>,
}

/// Every file whose first comment line is `// run`.
fn cases(tests: &Path) -> Vec<Case> {
    let mut cases = Vec::new();
    let mut dirs = vec![tests.to_owned()];
    while let Some(dir) = dirs.pop() {
        for entry in std::fs::read_dir(&dir).expect("the unpacked suite") {
            let path = entry.expect("the unpacked suite").path();
            if path.is_dir() && path.extension().is_none_or(|e| e != "dir") {
                dirs.push(path);
            } else if path.extension().is_some_and(|e| e == "go") {
                cases.extend(case(tests, path));
            }
        }
    }
    cases.sort_by(|a, b| a.name.cmp(&b.name));
    cases
}

fn case(tests: &Path, path: PathBuf) -> Option<Case> {
    let text = String::from_utf8_lossy(&std::fs::read(&path).ok()?).into_owned();
    let mut header = text.lines().take_while(|l| l.is_empty() || l.starts_with("//"));
    let recipe = header.clone().find(|l| l.starts_with("// ") && !l.starts_with("// +build"))?;
    let mut words = recipe[3..].split_whitespace();
    if words.next() != Some("run") {
        return None;
    }
    let args: Vec<String> = words.map(str::to_owned).collect();
    let constraint = header.find(|l| l.starts_with("//go:build"));
    let skip = if let Some(flag) = args.first().filter(|a| a.starts_with('-')) {
        Some(format!("needs gc's flag {}", flag.split('=').next().unwrap_or(flag)))
    } else {
        constraint
            .filter(|c| !holds_here(&c["//go:build".len()..]))
            .map(|c| format!("constraint {}", &c[2..]))
    };
    let name = path.strip_prefix(tests).expect("below the suite").display().to_string();
    Some(Case { name, path, args, skip })
}

/// The few constraints the suite uses, for linux/amd64 without cgo.
fn holds_here(expr: &str) -> bool {
    let term = |t: &str| {
        let (negated, t) = t.trim().strip_prefix('!').map_or((false, t.trim()), |t| (true, t));
        let t = t.trim_matches(['(', ')']);
        let holds = matches!(t, "linux" | "amd64" | "unix" | "gc") || t.starts_with("go1.");
        holds != negated
    };
    expr.split("||").any(|any| any.split("&&").all(term))
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

/// The suite's directory, fetched and unpacked below `target/` the first time.
fn test_dir() -> Result<PathBuf, String> {
    if let Some(dir) = std::env::var_os("THERMOS_TEST_GOTEST") {
        return Ok(dir.into());
    }
    let root = suite_dir().join("golang-1.19-src");
    let tests = root.join("usr/share/go-1.19/test");
    if tests.join("helloworld.go").exists() {
        return Ok(tests);
    }
    std::fs::create_dir_all(&root).map_err(|e| e.to_string())?;
    let fetched = run(
        Command::new("apt-get").args(["download", "-q", "golang-1.19-src"]).current_dir(&root),
        Duration::from_secs(300),
    );
    let package = std::fs::read_dir(&root)
        .map_err(|e| e.to_string())?
        .filter_map(|e| Some(e.ok()?.path()))
        .find(|p| p.extension().is_some_and(|e| e == "deb"))
        .ok_or_else(|| format!("cannot fetch Debian's golang-1.19-src: {}", fetched.first_words()))?;
    let unpacked = run(Command::new("dpkg").arg("-x").arg(package).arg(&root), Duration::from_secs(300));
    if unpacked.success() { Ok(tests) } else { Err(unpacked.first_words()) }
}
