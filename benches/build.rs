//! How long builds take beside the reference `go`, both in one run: cold, nothing changed, one function edited.
//!
//! ```text
//! cargo bench --bench build [-- hello|httpd]      THERMOS_TEST_GOROOT names the reference's GOROOT
//! ```
//! Every number is the median of several rounds in which the two tools take turns; the last column is go's time over ours.

#[path = "../tests/conformance/command.rs"]
#[allow(dead_code, reason = "the suites use more of it")]
mod command;
#[path = "../tests/conformance/provision.rs"]
mod provision;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use command::{reference, run, suite_dir, thermos};

const LIMIT: Duration = Duration::from_secs(600);

/// A tool under measurement: its name and how to call it with a cache of its own.
struct Tool {
    name: &'static str,
    command: fn(&Path) -> Command,
}

const TOOLS: [Tool; 2] =
    [Tool { name: "go", command: reference }, Tool { name: "thermos", command: thermos }];

fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with('-')).collect();
    let goroot = provision::goroot().expect("the reference Go");
    println!("{:<8} {:<22} {:>10} {:>10} {:>8}", "program", "work", "go, ms", "thermos, ms", "ratio");
    for program in ["hello", "httpd"] {
        if wanted.is_empty() || wanted.iter().any(|w| w == program) {
            measure(program, &goroot);
        }
    }
}

fn measure(program: &str, goroot: &Path) {
    let scratch = tempfile::tempdir_in(suite_dir()).expect("a writable target directory");
    let projects: Vec<PathBuf> =
        TOOLS.iter().map(|tool| copy(program, &scratch.path().join(tool.name))).collect();
    let build = |tool: usize| {
        let mut command = (TOOLS[tool].command)(goroot);
        command
            .env("GOCACHE", scratch.path().join(format!("cache-{}", TOOLS[tool].name)))
            .args(["build", "-o", "program", "."])
            .current_dir(&projects[tool]);
        let start = Instant::now();
        let ran = run(&mut command, LIMIT);
        assert!(ran.success(), "{} build {program}: {}", TOOLS[tool].name, ran.first_words());
        start.elapsed()
    };
    let forget = |tool: usize| {
        _ = fs::remove_dir_all(scratch.path().join(format!("cache-{}", TOOLS[tool].name)));
    };
    report(program, "cold, empty cache", 3, |tool, _| {
        forget(tool);
        build(tool)
    });
    report(program, "nothing changed", 15, |tool, _| build(tool));
    report(program, "one body edited", 7, |tool, round| {
        edit(&projects[tool], round);
        build(tool)
    });
    report(program, "comment added", 7, |tool, round| {
        comment(&projects[tool], round);
        build(tool)
    });
}

fn report(program: &str, work: &str, rounds: usize, mut once: impl FnMut(usize, usize) -> Duration) {
    let mut times: [Vec<Duration>; 2] = Default::default();
    for round in 0..rounds {
        for (tool, list) in times.iter_mut().enumerate() {
            list.push(once(tool, round));
        }
    }
    let [go, ours] = times.map(|mut list| {
        list.sort();
        list[list.len() / 2].as_secs_f64() * 1000.0
    });
    println!("{program:<8} {work:<22} {go:>10.1} {ours:>10.1} {:>7.1}x", go / ours);
}

fn copy(program: &str, into: &Path) -> PathBuf {
    fs::create_dir_all(into).expect("a writable target directory");
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(program);
    for entry in fs::read_dir(from).expect("the fixture") {
        let path = entry.expect("the fixture").path();
        fs::copy(&path, into.join(path.file_name().expect("a file"))).expect("a copy of the fixture");
    }
    into.to_owned()
}

fn main_file(project: &Path) -> PathBuf {
    let entries = fs::read_dir(project).expect("the project").filter_map(|e| Some(e.ok()?.path()));
    entries.into_iter().find(|p| p.extension().is_some_and(|e| e == "go")).expect("a Go file")
}

/// Changes what one function does: the statement that main begins with.
fn edit(project: &Path, round: usize) {
    let file = main_file(project);
    let text = fs::read_to_string(&file).expect("the Go file");
    let (head, rest) = text.split_once("func main() {\n").expect("a main function");
    let rest = rest.strip_prefix("\tprintln(").map_or(rest, |r| r.split_once('\n').expect("a line").1);
    fs::write(&file, format!("{head}func main() {{\n\tprintln({round})\n{rest}"))
        .expect("a writable project");
}

fn comment(project: &Path, round: usize) {
    let file = main_file(project);
    let text = fs::read_to_string(&file).expect("the Go file");
    fs::write(&file, format!("{text}\n// Comment {round}.\n")).expect("a writable project");
}
