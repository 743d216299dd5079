//! How long builds take beside the reference `go`, both in one run.
//!
//! ```text
//! cargo bench --bench build [-- hello|httpd|gen100|gen500]      THERMOS_TEST_GOROOT names the reference's GOROOT
//! ```
//! Every number is the median of several rounds in which the two tools take turns; the last column is go's time over ours.
//! `genN` is a generated module of N packages in layers, all of which import one leaf; gen500 takes minutes and runs only when named.

#[path = "../tests/conformance/command.rs"]
#[allow(dead_code, reason = "the suites use more of it")]
mod command;
#[path = "../tests/conformance/provision.rs"]
mod provision;

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use command::{reference, run, thermos};

const LIMIT: Duration = Duration::from_secs(900);

/// A tool under measurement: its name and how to call it with a cache of its own.
struct Tool {
    name: &'static str,
    command: fn(&Path) -> Command,
}

const TOOLS: [Tool; 2] =
    [Tool { name: "go", command: reference }, Tool { name: "thermos", command: thermos }];

/// How many rounds: of what takes a build's time, and of what takes none.
struct Rounds {
    slow: usize,
    quick: usize,
}

fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with('-')).collect();
    let goroot = provision::goroot().expect("the reference Go");
    println!("{:<8} {:<30} {:>10} {:>11} {:>8}", "program", "work", "go, ms", "thermos, ms", "ratio");
    let few = Rounds { slow: 3, quick: 15 };
    for (program, rounds, by_default) in [
        ("hello", &few, true),
        ("httpd", &few, true),
        ("gen100", &Rounds { slow: 2, quick: 9 }, true),
        ("gen500", &Rounds { slow: 1, quick: 5 }, false),
    ] {
        if wanted.iter().any(|w| w == program) || wanted.is_empty() && by_default {
            Bench::new(program, &goroot).measure(rounds);
        }
    }
}

/// One program, once for each tool.
struct Bench<'a> {
    program: &'a str,
    goroot: &'a Path,
    /// Outside any repository, whose state go would ask git for.
    scratch: tempfile::TempDir,
}

impl<'a> Bench<'a> {
    fn new(program: &'a str, goroot: &'a Path) -> Bench<'a> {
        let scratch = tempfile::tempdir().expect("a writable temporary directory");
        let bench = Bench { program, goroot, scratch };
        (0..TOOLS.len()).for_each(|tool| make(program, &bench.project(tool)));
        bench
    }

    fn project(&self, tool: usize) -> PathBuf {
        self.scratch.path().join(TOOLS[tool].name)
    }

    fn cache(&self, tool: usize) -> PathBuf {
        self.scratch.path().join(format!("cache-{}", TOOLS[tool].name))
    }

    fn build_in(&self, tool: usize, dir: &Path, flags: &[&str]) -> Duration {
        let mut command = (TOOLS[tool].command)(self.goroot);
        command.env("GOCACHE", self.cache(tool)).args(["build", "-o", "program"]).args(flags).arg(".");
        let start = Instant::now();
        let ran = run(command.current_dir(dir), LIMIT);
        assert!(ran.success(), "{} build {}: {}", TOOLS[tool].name, self.program, ran.first_words());
        start.elapsed()
    }

    fn build(&self, tool: usize) -> Duration {
        self.build_in(tool, &self.project(tool), &[])
    }

    fn measure(&self, rounds: &Rounds) {
        self.report("cold, empty cache", rounds.slow, |tool, _| {
            _ = fs::remove_dir_all(self.cache(tool));
            self.build(tool)
        });
        self.report("nothing changed", rounds.quick, |tool, _| self.build(tool));
        self.report("body edited in main", rounds.quick.min(7), |tool, round| {
            edit_main(&main_file(&self.project(tool)), round);
            self.build(tool)
        });
        self.report("comment added in main", rounds.quick.min(7), |tool, round| {
            comment(&main_file(&self.project(tool)), round);
            self.build(tool)
        });
        if !self.project(0).join("leaf").is_dir() {
            return;
        }
        let leaf = |tool: usize| self.project(tool).join("leaf/leaf.go");
        self.report("body edited in the leaf", rounds.slow, |tool, round| {
            edit_leaf(&leaf(tool), round);
            self.build(tool)
        });
        self.report("comment added in the leaf", rounds.slow, |tool, round| {
            comment(&leaf(tool), round);
            self.build(tool)
        });
        for flags in [&[][..], &["-trimpath"]] {
            // The first checkout has been built the same way.
            (0..TOOLS.len()).for_each(|tool| _ = self.build_in(tool, &self.project(tool), flags));
            let work = format!("second checkout {}", flags.join(" "));
            self.report(work.trim_end(), rounds.slow, |tool, round| {
                let dir = self.scratch.path().join(format!("{}{round}{}", TOOLS[tool].name, flags.concat()));
                copy_tree(&self.project(tool), &dir);
                self.build_in(tool, &dir, flags)
            });
        }
    }

    fn report(&self, work: &str, rounds: usize, mut once: impl FnMut(usize, usize) -> Duration) {
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
        println!("{:<8} {work:<30} {go:>10.1} {ours:>11.1} {:>7.1}x", self.program, go / ours);
    }
}

/// The program's sources: generated, or copied from the fixtures.
fn make(program: &str, into: &Path) {
    match program.strip_prefix("gen").and_then(|n| n.parse().ok()) {
        Some(n) => generate(n, into),
        None => copy_tree(&Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(program), into),
    }
}

fn copy_tree(from: &Path, into: &Path) {
    fs::create_dir_all(into).expect("a writable directory");
    for entry in fs::read_dir(from).expect("a directory to copy") {
        let path = entry.expect("an entry").path();
        let to = into.join(path.file_name().expect("a name"));
        if path.is_dir() {
            copy_tree(&path, &to);
        } else {
            fs::copy(&path, to).expect("a copy");
        }
    }
}

/// `n` packages: a leaf, the others in layers of ten, each importing the leaf and three of the layer below; main uses the last layer.
fn generate(n: usize, into: &Path) {
    const LAYER: usize = 10;
    let write = |name: &str, text: String| {
        let path = into.join(name);
        fs::create_dir_all(path.parent().expect("a directory")).expect("a writable directory");
        fs::write(path, text).expect("a writable file");
    };
    write("go.mod", "module example.com/gen\n\ngo 1.27\n".to_owned());
    write(
        "leaf/leaf.go",
        "package leaf\n\n//go:noinline\nfunc F(x int) int { return x + 1000 }\n".to_owned(),
    );
    for i in 0..n - 1 {
        let below: Vec<usize> = match i / LAYER {
            0 => Vec::new(),
            layer => (0..3).map(|k| (layer - 1) * LAYER + (i + k) % LAYER).collect(),
        };
        let imports: String = below.iter().map(|b| format!("\t\"example.com/gen/p{b}\"\n")).collect();
        let calls: String = below.iter().map(|b| format!("\tt.add(p{b}.Value())\n")).collect();
        let mut text = format!(
            "package p{i}\n\nimport (\n\t\"fmt\"\n\t\"sort\"\n\n\t\"example.com/gen/leaf\"\n{imports})\n\n\
             type table struct {{\n\tnames map[string]int\n\tsum   int\n}}\n\n\
             func (t *table) add(n int) {{\n\tt.names[fmt.Sprint(\"n\", n)] += n\n\tt.sum += n % 1000\n}}\n\n\
             func (t *table) sorted() []string {{\n\tvar out []string\n\tfor name := range t.names {{\n\t\tout = append(out, name)\n\t}}\n\tsort.Strings(out)\n\treturn out\n}}\n\n\
             func Value() int {{\n\tt := &table{{names: map[string]int{{}}}}\n{calls}\tt.add(leaf.F({i}))\n\treturn t.sum + len(t.sorted())\n}}\n"
        );
        for k in 0..8 {
            writeln!(
                text,
                "\nfunc step{k}(xs []int) (n int) {{\n\tfor i, x := range xs {{\n\t\tif x%{} == i%3 {{\n\t\t\tn += x * {k}\n\t\t}} else {{\n\t\t\tn -= i\n\t\t}}\n\t}}\n\treturn n\n}}\n\nvar V{k} = step{k}([]int{{1, 2, 3, {i}}})",
                k + 2
            )
            .expect("a string takes all");
        }
        write(&format!("p{i}/p.go"), text);
    }
    let last: Vec<usize> = (0..n - 1).rev().take(LAYER).collect();
    let imports: String = last.iter().map(|b| format!("\t\"example.com/gen/p{b}\"\n")).collect();
    let sum: Vec<String> = last.iter().map(|b| format!("p{b}.Value()")).collect();
    write(
        "main.go",
        format!(
            "package main\n\nimport (\n{imports})\n\nfunc main() {{\n\tprintln(\"sum\", {})\n}}\n",
            sum.join(" + ")
        ),
    );
}

fn main_file(project: &Path) -> PathBuf {
    let entries = fs::read_dir(project).expect("the project").filter_map(|e| Some(e.ok()?.path()));
    entries.into_iter().find(|p| p.extension().is_some_and(|e| e == "go")).expect("a Go file")
}

/// Changes what one function does: the statement that main begins with.
fn edit_main(file: &Path, round: usize) {
    let text = fs::read_to_string(file).expect("the Go file");
    let (head, rest) = text.split_once("func main() {\n").expect("a main function");
    let rest = rest.strip_prefix("\tprintln(-").map_or(rest, |r| r.split_once('\n').expect("a line").1);
    fs::write(file, format!("{head}func main() {{\n\tprintln(-{})\n{rest}", round + 1))
        .expect("a writable project");
}

fn edit_leaf(file: &Path, round: usize) {
    let text = fs::read_to_string(file).expect("the leaf");
    let (head, rest) = text.split_once("x + ").expect("the leaf's sum");
    let (_, tail) = rest.split_once(' ').expect("what follows the number");
    fs::write(file, format!("{head}x + {} {tail}", 2000 + round)).expect("a writable project");
}

fn comment(file: &Path, round: usize) {
    let text = fs::read_to_string(file).expect("the Go file");
    fs::write(file, format!("{text}\n// Comment {round}.\n")).expect("a writable project");
}
