//! `test`: build the test program of each package, run it, and tell what it said in go's lines.
//!
//! # What holds
//! - Packages are built one after the other and run beside each other; their lines come in the order of the patterns.
//! - A pass whose executable, arguments and looked-at files are as they were is shown again, as `(cached)`;
//!   `build/test/results.rs` says how that is known.

#![allow(clippy::disallowed_methods, reason = "running test programs is what this command is for")]

mod events;
mod output;
mod run;
mod words;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard};
use std::time::Duration;

use super::build::{Job, write_executable};
use super::flags::Flags;
use super::{Call, Failure, env, io_words, print, say};
use crate::base::{ContentId, World};
use crate::build::driver::Purpose;
use crate::build::flags::split_quoted;
use crate::build::test::{self, Asked, Checks, CoverMode, Outcome, Saved, TestBuild, Tested};
use crate::store::Store;
use crate::target::Target;
use output::{Output, build_events, header_of, print_bytes};
use run::{Ran, Run, go_duration, parse_duration};
use words::Words;

pub(super) use words::FLAGS;

/// A test's own time-out when none is given.
const TIMEOUT: Duration = Duration::from_secs(600);

/// What package testing prints when `-run` chose nothing.
const NO_TESTS: &[u8] = b"testing: warning: no tests to run\n";

pub(super) fn test(call: &Call<'_>, flags: Flags) -> Result<u8, Failure> {
    let mut words = Words::read(&flags.args, &call.config.goflags())?;
    let options = Options::new(call, &mut words)?;
    let target = call.config.target().map_err(|e| Failure::new(2, format!("go: {e}")))?;
    let mut job = Job::new(call, &words.flags, Purpose::Test, target)?;
    job.be_quiet();
    let checks = Checks { vet: vet_checks(words.flags.text("vet")), cover: options.cover };
    let failed =
        job.tests(&words.packages, checks, |build| tell_all(call, &job.store, build, &options, target))?;
    job.store.flush();
    if failed? && !options.json && !words.packages.is_empty() && !options.compile_only {
        print("FAIL\n");
        return Ok(1);
    }
    Ok(u8::from(options.failed.load(Ordering::Relaxed)))
}

/// The checks that `-vet` chooses: those before every test, all, none or some.
fn vet_checks(vet: Option<&str>) -> Vec<String> {
    const BEFORE_TESTS: &[&str] = &["nilfunc", "printf", "stringintconv", "tests"];
    match vet {
        None | Some("" | "all") => BEFORE_TESTS.iter().map(|name| (*name).to_owned()).collect(),
        Some("off") => Vec::new(),
        Some(list) => list.split(',').map(str::to_owned).collect(),
    }
}

/// What the flags say.
struct Options {
    json: bool,
    compile_only: bool,
    output: Option<String>,
    runner: Vec<String>,
    /// Show what passing tests print.
    shows_pass: bool,
    bench: bool,
    /// No packages were named: output comes as it is made, and no result is kept.
    in_directory: bool,
    /// Of test binaries that run at the same time.
    n_threads: usize,
    args: Vec<String>,
    /// See [`Words::cacheable`].
    cacheable: Option<Vec<String>>,
    /// Keeps executables in the working directory, for profiles.
    profiles: bool,
    cover: Option<CoverMode>,
    /// `-coverprofile`: where what was covered goes.
    profile: Option<PathBuf>,
    fail_fast: bool,
    kill_after: Option<Duration>,
    wait: Duration,
    failed: AtomicBool,
}

impl Options {
    fn new(call: &Call<'_>, words: &mut Words) -> Result<Options, Failure> {
        let wrong = |text: String| Failure::new(2, text);
        let timeout = match words.flags.text("timeout") {
            Some(text) => parse_duration(text)
                .ok_or_else(|| wrong(format!("invalid value {text:?} for flag -timeout: parse error")))?,
            None => TIMEOUT,
        };
        for name in ["fuzz", "coverpkg"] {
            if words.flags.text(name).is_some() {
                return Err(Failure::new(1, format!("go: test -{name} is not served by this toolchain yet")));
            }
        }
        let profile = words.flags.text("coverprofile").map(|path| call.world.cwd().join(path));
        let cover = match words.flags.text("covermode") {
            Some(mode) => Some(CoverMode::parse(mode).ok_or_else(|| match mode {
                "atomic" => wrong("go: test -covermode=atomic is not served by this toolchain yet".to_owned()),
                _ => wrong(format!("invalid value {mode:?} for flag -covermode: valid modes are \"set\", \"count\", or \"atomic\"")),
            })?),
            None => (words.flags.has("cover") || profile.is_some()).then_some(CoverMode::Set),
        };
        let bench = words.flags.text("bench").is_some();
        if timeout > Duration::ZERO {
            words.add_defaults(&go_duration(timeout));
        }
        let json = words.flags.text("json").is_some_and(|v| v != "false");
        if json {
            words.args.retain(|arg| !arg.starts_with("-test.v="));
            words.args.push("-test.v=test2json".to_owned());
        }
        let flags = &words.flags;
        let compile_only = flags.has("c");
        if compile_only && let Some(foreign) = &words.foreign {
            return Err(Failure::new(1, format!("go: unknown flag {foreign} cannot be used with -c")));
        }
        let runner = match flags.text("exec") {
            Some(text) => split_quoted(text).map_err(|e| Failure::new(1, format!("go: -exec: {e}")))?,
            None => Vec::new(),
        };
        let profiles = ["blockprofile", "cpuprofile", "memprofile", "mutexprofile", "trace"];
        let profiles = profiles.iter().any(|name| flags.text(name).is_some());
        let mut args = words.args.clone();
        if profiles && flags.text("outputdir").is_none() {
            args.insert(0, format!("-test.outputdir={}", call.world.cwd().display()));
        }
        let threads = flags.text("p").and_then(|p| p.parse().ok());
        let threads = threads.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, |n| n.get()));
        let wait =
            if timeout > Duration::ZERO { (timeout / 10).max(Duration::from_secs(5)) } else { TIMEOUT };
        Ok(Options {
            json,
            compile_only,
            output: flags.text("o").map(str::to_owned),
            runner,
            shows_pass: flags.has("v") || flags.text("list").is_some_and(|list| !list.is_empty()),
            bench,
            in_directory: words.packages.is_empty(),
            n_threads: if bench { 1 } else { threads.max(1) },
            cacheable: if words.packages.is_empty() || bench || profiles || profile.is_some() {
                None
            } else {
                words.cacheable()
            },
            args,
            profiles,
            cover,
            profile,
            fail_fast: flags.has("failfast"),
            kill_after: (timeout > Duration::ZERO).then(|| timeout + wait.max(Duration::from_secs(60))),
            wait,
            failed: AtomicBool::new(false),
        })
    }
}

/// Builds and runs all; whether something failed.
fn tell_all(
    call: &Call<'_>,
    store: &Store,
    build: &TestBuild<'_>,
    options: &Options,
    target: Target,
) -> Result<bool, Failure> {
    build.warnings().iter().for_each(|line| say(line));
    let packages = build.packages();
    if packages.is_empty() {
        return Err(Failure::new(1, "no packages to test"));
    }
    let into = place_for(call, options, packages.len())?;
    let streams = options.in_directory
        || options.bench
        || options.json
        || options.shows_pass && (packages.len() == 1 || options.n_threads == 1);
    let shared = Shared {
        call,
        store,
        build,
        options,
        packages: &packages,
        into,
        streams,
        foreign: target != Target::host() && options.runner.is_empty(),
        next: AtomicUsize::new(0),
        building: Mutex::new(BTreeSet::new()),
        turn: Mutex::new(0),
        turned: Condvar::new(),
        profiles: Mutex::default(),
    };
    // One more than tests run at once: while they run, the next is built.
    let n_workers = (options.n_threads + 1).min(packages.len());
    let running = Slots { free: Mutex::new(options.n_threads), freed: Condvar::new() };
    std::thread::scope(|scope| {
        for _ in 0..n_workers {
            scope.spawn(|| shared.work(&running));
        }
    });
    shared.write_profile()?;
    Ok(options.failed.load(Ordering::Relaxed))
}

/// Where executables are to be left: a file, or a directory.
enum Into {
    Nowhere,
    File(PathBuf),
    Dir(PathBuf),
}

fn place_for(call: &Call<'_>, options: &Options, n_packages: usize) -> Result<Into, Failure> {
    let cwd = call.world.cwd();
    let Some(output) = &options.output else {
        let keeps = options.compile_only || options.profiles;
        return Ok(if keeps { Into::Dir(cwd) } else { Into::Nowhere });
    };
    if output == "/dev/null" {
        return Ok(Into::Nowhere);
    }
    let to = cwd.join(output);
    if output.ends_with('/') || call.world.is_dir(&to) {
        return Ok(Into::Dir(to));
    }
    if n_packages > 1 {
        return Err(Failure::new(1, "with multiple packages, -o must refer to a directory or /dev/null"));
    }
    Ok(Into::File(to))
}

/// How many tests may run at once.
struct Slots {
    free: Mutex<usize>,
    freed: Condvar,
}

impl Slots {
    fn take(&self) {
        let mut free = lock(&self.free);
        while *free == 0 {
            free = self.freed.wait(free).unwrap_or_else(|e| e.into_inner());
        }
        *free -= 1;
    }

    fn give_back(&self) {
        *lock(&self.free) += 1;
        self.freed.notify_one();
    }
}

struct Shared<'a> {
    call: &'a Call<'a>,
    store: &'a Store,
    build: &'a TestBuild<'a>,
    options: &'a Options,
    packages: &'a [Tested],
    into: Into,
    streams: bool,
    /// Made for a machine that is not this one: not run.
    foreign: bool,
    next: AtomicUsize,
    /// One package is built at a time, by all threads; what was said of failures so far.
    building: Mutex<BTreeSet<String>>,
    /// Whose lines come next.
    turn: Mutex<usize>,
    turned: Condvar,
    /// What each package covered.
    profiles: Mutex<BTreeMap<usize, Vec<u8>>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|e| e.into_inner())
}

impl Shared<'_> {
    fn work(&self, running: &Slots) {
        loop {
            let mut said = lock(&self.building);
            let i = self.next.fetch_add(1, Ordering::Relaxed);
            let Some(package) = self.packages.get(i) else { return };
            let gives_up = self.options.fail_fast && self.options.failed.load(Ordering::Relaxed);
            if gives_up {
                drop(said);
                self.in_turn(i, || ());
                continue;
            }
            let outcome = self.build.build(package.id, &|line| say(line));
            if let Outcome::SetupFailed(text) | Outcome::BuildFailed(text) = &outcome
                && said.insert(text.clone())
                && !self.options.json
            {
                say(text);
            }
            drop(said);
            running.take();
            self.tell(i, package, &outcome);
            running.give_back();
        }
    }

    /// The profiles of all packages as one file, in their order.
    fn write_profile(&self) -> Result<(), Failure> {
        let (Some(to), Some(mode)) = (&self.options.profile, self.options.cover) else { return Ok(()) };
        let mut text = format!("mode: {}\n", mode.name()).into_bytes();
        let profiles = lock(&self.profiles);
        for package in self.packages {
            let Some(profile) = profiles.get(&package.id.0) else { continue };
            let lines = memchr::memchr(b'\n', profile).map_or(&profile[..], |end| &profile[end + 1..]);
            text.extend_from_slice(lines);
        }
        std::fs::write(to, text)
            .map_err(|e| Failure::new(1, format!("go: open {}: {}", to.display(), io_words(&e))))
    }

    /// Runs `f` when the lines of all packages before are out.
    fn in_turn(&self, i: usize, f: impl FnOnce()) {
        let mut turn = lock(&self.turn);
        while *turn != i {
            turn = self.turned.wait(turn).unwrap_or_else(|e| e.into_inner());
        }
        f();
        *turn += 1;
        self.turned.notify_all();
    }

    fn tell(&self, i: usize, package: &Tested, outcome: &Outcome) {
        let options = self.options;
        if options.json
            && let Outcome::SetupFailed(text) | Outcome::BuildFailed(text) = outcome
        {
            build_events(text);
        }
        if self.streams && !options.json {
            // It is alone, or waits for the others.
            return self.in_turn(i, || {
                let mut out = Output::stream();
                self.result(package, outcome, &mut out);
                out.end(true, Duration::ZERO, "");
            });
        }
        let mut out = if options.json { Output::events(&package.import_path) } else { Output::collect() };
        let started = std::time::Instant::now();
        let passed = self.result(package, outcome, &mut out);
        let failed_build = match outcome {
            Outcome::SetupFailed(text) | Outcome::BuildFailed(text) => header_of(text),
            _ => "",
        };
        let text = out.end(passed, started.elapsed(), failed_build);
        self.in_turn(i, || print_bytes(&text));
    }

    /// What is to be told of one package; whether it passed.
    fn result(&self, package: &Tested, outcome: &Outcome, out: &mut Output) -> bool {
        let path = &package.import_path;
        let fail = |out: &mut Output, line: String| {
            self.options.failed.store(true, Ordering::Relaxed);
            out.write(line.as_bytes());
            false
        };
        match outcome {
            Outcome::NoTests(unreached) => {
                let line = match unreached.is_empty() {
                    false => format!("\t{path}\t\tcoverage: 0.0% of statements\n"),
                    true => format!("?   \t{path}\t[no test files]\n"),
                };
                lock(&self.profiles).insert(package.id.0, format!("\n{unreached}").into_bytes());
                out.write(line.as_bytes());
                true
            }
            Outcome::SetupFailed(_) => fail(out, format!("FAIL\t{path} [setup failed]\n")),
            Outcome::BuildFailed(_) => fail(out, format!("FAIL\t{path} [build failed]\n")),
            Outcome::Ready(exe) => match self.run(package, *exe, out) {
                Ok(passed) => passed,
                Err(failure) => {
                    say(&failure.text);
                    fail(out, format!("FAIL\t{path} [setup failed]\n"))
                }
            },
        }
    }

    fn run(&self, package: &Tested, exe: ContentId, out: &mut Output) -> Result<bool, Failure> {
        let options = self.options;
        let to = match &self.into {
            Into::Nowhere => None,
            Into::File(path) => Some(path.clone()),
            Into::Dir(dir) => Some(dir.join(&package.exe_name)),
        };
        if let Some(to) = &to {
            write_executable(self.store, exe, to).map_err(|e| {
                Failure::new(1, format!("go: build output {}: {}", to.display(), io_words(&e)))
            })?;
        }
        if options.compile_only {
            return Ok(true);
        }
        if self.foreign {
            return Err(Failure::new(1, "go: cannot run tests for another machine without -exec"));
        }
        let path = to.or_else(|| self.store.runnable(exe, &package.exe_name));
        let path =
            path.ok_or_else(|| Failure::new(1, "go: the test program cannot be run from the cache"))?;
        let asked = options.cacheable.as_ref().filter(|_| options.runner.is_empty()).map(|args| Asked {
            exe,
            args: args.clone(),
            dir: package.dir.clone(),
            tree: self.build.tree_of(package.id),
        });
        let shows = options.shows_pass || options.json;
        if let Some(asked) = &asked
            && let Some(saved) = test::lookup(asked, self.call.world, self.store)
        {
            if shows {
                out.write(&saved.output);
            }
            out.write(self.ok_line(package, "(cached)", &saved.output).as_bytes());
            return Ok(true);
        }
        let log = asked.as_ref().map(|_| self.temporary(package, "testlog"));
        let profile = options.profile.as_ref().map(|_| self.temporary(package, "cover"));
        let args = self.args(profile.as_ref());
        let mut text = Vec::new();
        let ran = {
            let mut put = |bytes: &[u8]| {
                text.extend_from_slice(bytes);
                if self.streams {
                    out.write(bytes);
                }
            };
            let run = Run {
                runner: &options.runner,
                exe: &path,
                args: &args,
                dir: &package.dir,
                vars: self.vars(),
                log: log.clone(),
                kill_after: options.kill_after,
                wait: options.wait,
            };
            run::run(&run, &mut put)
                .map_err(|e| Failure::new(1, format!("go: {}: {}", path.display(), io_words(&e))))?
        };
        let take = |path: PathBuf| {
            let text = std::fs::read(&path).ok();
            let _ = std::fs::remove_file(&path);
            text
        };
        let looked = log.and_then(take);
        if let Some(profile) = profile.and_then(take) {
            lock(&self.profiles).insert(package.id.0, profile);
        }
        self.verdict(package, &ran, &text, out);
        if let (Some(asked), Some(looked), true) = (&asked, looked, ran.passed) {
            let saved = Saved { output: text, elapsed: seconds(ran.elapsed) };
            test::remember(asked, &looked, &saved, self.call.world, self.store);
        }
        Ok(ran.passed)
    }

    /// The lines behind what the test printed.
    fn verdict(&self, package: &Tested, ran: &Ran, text: &[u8], out: &mut Output) {
        let options = self.options;
        let shows = options.shows_pass || options.json;
        if !self.streams && (!ran.passed || shows) {
            out.write(text);
        }
        let breaks_line = !text.is_empty() && !text.ends_with(b"\n");
        if ran.passed {
            if breaks_line && (self.streams || shows) {
                out.write(b"\n");
            }
            out.write(self.ok_line(package, &seconds(ran.elapsed), text).as_bytes());
            return;
        }
        options.failed.store(true, Ordering::Relaxed);
        if let Some(note) = &ran.note {
            out.write(note.as_bytes());
        }
        // A failure that says nothing is explained by its status.
        if !ran.exited || text.is_empty() || options.in_directory || options.bench {
            out.write(format!("{}\n", ran.status).as_bytes());
        } else if breaks_line {
            out.write(b"\n");
        }
        let mark = if options.json { "\x16" } else { "" };
        out.write(format!("{mark}FAIL\t{}\t{}\n", package.import_path, seconds(ran.elapsed)).as_bytes());
    }

    fn ok_line(&self, package: &Tested, elapsed: &str, text: &[u8]) -> String {
        let shows = self.options.cover.is_some() && !self.options.in_directory && !self.options.bench;
        ok_line(&package.import_path, elapsed, text, shows)
    }

    /// The test binary's arguments; its profile goes to a file of its own.
    fn args(&self, profile: Option<&PathBuf>) -> Vec<String> {
        let is_profile = |arg: &String| arg.starts_with("-test.coverprofile=");
        let mut args = self.options.args.clone();
        if let Some(profile) = profile {
            args.retain(|arg| !is_profile(arg));
            args.insert(0, format!("-test.coverprofile={}", profile.display()));
        }
        args
    }

    fn vars(&self) -> Vec<(String, String)> {
        let old = self.call.config.set("PATH").unwrap_or_default();
        let bin = env::bin_dir(&self.call.config, self.call.world);
        bin.map(|bin| ("PATH".to_owned(), format!("{}:{old}", bin.display()))).into_iter().collect()
    }

    fn temporary(&self, package: &Tested, what: &str) -> PathBuf {
        let name = format!("thermos-{what}-{}-{}", std::process::id(), package.id.0);
        self.call.config.tmpdir().join(name)
    }
}

fn seconds(elapsed: Duration) -> String {
    format!("{:.3}s", elapsed.as_secs_f64())
}

fn ok_line(path: &str, elapsed: &str, text: &[u8], covers: bool) -> String {
    let none =
        text.starts_with(NO_TESTS) || memchr::memmem::find(text, &[b"\n", NO_TESTS].concat()).is_some();
    let none = if none { " [no tests to run]" } else { "" };
    let shown = String::from_utf8_lossy(text);
    let coverage = shown.lines().find_map(|line| line.strip_prefix("coverage: ")).filter(|_| covers);
    let coverage = coverage.map(|what| format!("\tcoverage: {what}")).unwrap_or_default();
    format!("ok  \t{path}\t{elapsed}{coverage}{none}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_without_tests_says_so() {
        assert_eq!(
            ok_line("p", "0.001s", b"testing: warning: no tests to run\nPASS\n", false),
            "ok  \tp\t0.001s [no tests to run]\n"
        );
        assert_eq!(ok_line("p", "(cached)", b"PASS\n", false), "ok  \tp\t(cached)\n");
    }
}
