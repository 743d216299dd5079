//! Running a program with a time limit, and both tool chains in a tidy environment.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// What a finished program left: `status` is `None` when it was killed at the time limit.
pub struct Ran {
    pub status: Option<ExitStatus>,
    pub stdout: Vec<u8>,
    pub stderr: Vec<u8>,
}

impl Ran {
    /// The exit code; -1 for a signal, -2 for the time limit.
    pub fn code(&self) -> i32 {
        self.status.map_or(-2, |s| s.code().unwrap_or(-1))
    }

    pub fn success(&self) -> bool {
        self.code() == 0
    }

    /// The first line that says something, for a ledger.
    pub fn first_words(&self) -> String {
        let all = [&self.stderr[..], &self.stdout[..]].concat();
        let text = String::from_utf8_lossy(&all).into_owned();
        let line = text.lines().find(|l| !l.trim().is_empty() && !l.starts_with('#')).unwrap_or("no output");
        line.chars().take(160).collect()
    }
}

/// Runs `command` with empty standard input, at most `limit`.
pub fn run(command: &mut Command, limit: Duration) -> Ran {
    let spawned = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut child = match spawned {
        Ok(child) => child,
        Err(e) => return Ran { status: None, stdout: Vec::new(), stderr: e.to_string().into_bytes() },
    };
    let mut stdout = child.stdout.take().expect("piped");
    let mut stderr = child.stderr.take().expect("piped");
    let read_stdout = std::thread::spawn(move || read_all(&mut stdout));
    let read_stderr = std::thread::spawn(move || read_all(&mut stderr));
    let start = Instant::now();
    let status = loop {
        match child.try_wait().expect("a child of ours") {
            Some(status) => break Some(status),
            None if start.elapsed() > limit => {
                _ = child.kill();
                _ = child.wait();
                break None;
            }
            None => std::thread::sleep(Duration::from_millis(2)),
        }
    };
    Ran {
        status,
        stdout: read_stdout.join().expect("the reader ends with the pipe"),
        stderr: read_stderr.join().expect("the reader ends with the pipe"),
    }
}

/// At most 16 MiB, so that a program gone wild does not take the memory.
fn read_all(from: &mut impl Read) -> Vec<u8> {
    let mut out = Vec::new();
    _ = from.take(16 << 20).read_to_end(&mut out);
    _ = std::io::copy(from, &mut std::io::sink());
    out
}

/// The directory below `target/` where suites keep what they need.
pub fn suite_dir() -> PathBuf {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/conformance");
    std::fs::create_dir_all(&dir).expect("a writable target directory");
    dir
}

/// Our executable, as `go`.
pub fn thermos(goroot: &Path) -> Command {
    go_like(Path::new(env!("CARGO_BIN_EXE_thermos")), goroot, &suite_dir().join("thermos-cache"))
}

/// The reference `go`.
pub fn reference(goroot: &Path) -> Command {
    go_like(&goroot.join("bin/go"), goroot, &suite_dir().join("reference-cache"))
}

fn go_like(program: &Path, goroot: &Path, cache: &Path) -> Command {
    let mut command = Command::new(program);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("GO") || name.to_string_lossy().starts_with("CGO_") {
            command.env_remove(name);
        }
    }
    command
        .env("GOROOT", goroot)
        .env("GOCACHE", cache)
        .env("GOTOOLCHAIN", "local")
        .env("GOPROXY", "off")
        .env("GOENV", "off")
        .env("GOFLAGS", "")
        .env("CGO_ENABLED", "0");
    command
}

/// Does `work` for every item on as many threads as there are processors, in any order; results by item.
pub fn in_parallel<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync + Send) -> Vec<R> {
    use rayon::prelude::*;
    items.par_iter().map(work).collect()
}
