//! `run`: build a command for this machine, run it, leave nothing behind.
//!
//! The executable is run from the cache, where the next `run` finds it, so there is no temporary
//! directory to forget. A cache that cannot be written is replaced by a file without a name.
//!
//! # What holds
//! - Signals sent to us reach the program: those from the terminal by its process group, the others
//!   because we pass them on. If we are killed outright, the system kills the program.
//! - We end when the program ends: 0 for 0, else 1 after `exit status N` or `signal: …`.

use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus};

use rustix::process::{Pid, Signal, kill_process};
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2};
use signal_hook::iterator::SignalsInfo;
use signal_hook::iterator::exfiltrator::WithOrigin;
use signal_hook::low_level::siginfo::Cause;

use super::build::Job;
use super::flags::{self, Flag, Flags, Takes};
use super::{Call, Failure, env, io_words, say};
use crate::base::World;
use crate::build::driver::{Program, Purpose};
use crate::build::flags::split_quoted;
use crate::target::Target;

pub(super) const FLAGS: &[&[Flag]] = &[flags::BUILD, &[("exec", Takes::Text)]];

pub(super) fn run(call: &Call<'_>, flags: Flags) -> Result<u8, Failure> {
    let n_files = flags.args.iter().take_while(|a| a.ends_with(".go")).count();
    let n_words = if n_files > 0 { n_files } else { 1.min(flags.args.len()) };
    let (words, args) = flags.args.split_at(n_words);
    if words.is_empty() {
        return Err(Failure::new(1, "go: no go files listed"));
    }
    if let Some(test) = words.iter().find(|w| w.ends_with("_test.go")) {
        return Err(Failure::new(1, format!("go: cannot run *_test.go files ({test})")));
    }
    let (target, runner) = target(call, &flags)?;
    let job = Job::new(call, &flags, Purpose::Run, target)?;
    let built = job.run_whole(words)?;
    let mains: Vec<&Program> = built.programs.iter().filter(|p| p.is_main).collect();
    let program = match mains[..] {
        [program] => program,
        [] => {
            let path = built.programs.first().map_or("", |p| p.import_path.as_str());
            return Err(Failure::new(1, format!("package {path} is not a main package")));
        }
        _ => {
            let list: String = mains.iter().map(|p| format!("\n\t{}", p.import_path)).collect();
            return Err(Failure::new(
                1,
                format!("go: pattern {} matches multiple packages:{list}", words[0]),
            ));
        }
    };
    let Some(exe) = program.exe else { return Ok(0) };
    // Held until the program has ended.
    let holder;
    let path = match job.store.runnable(exe, &program.name) {
        Some(path) => path,
        None => {
            holder = Nameless::new(&job, program)?;
            holder.path.clone()
        }
    };
    job.store.flush();
    start(call, &path, &runner, args)
}

/// This machine, unless something is there that runs the foreign program.
fn target(call: &Call<'_>, flags: &Flags) -> Result<(Target, Vec<String>), Failure> {
    let host = Target::host();
    let given = match flags.text("exec") {
        Some(text) => split_quoted(text).map_err(|e| Failure::new(1, format!("go: -exec: {e}")))?,
        None => Vec::new(),
    };
    let wanted = call.config.target().map_err(|e| Failure::new(2, format!("go: {e}")))?;
    if wanted == host {
        return Ok((host, given));
    }
    if !given.is_empty() {
        return Ok((wanted, given));
    }
    let helper = format!("go_{}_{}_exec", wanted.os.name(), wanted.arch.name());
    let on_path = std::env::split_paths(call.config.set("PATH").unwrap_or_default())
        .map(|dir| dir.join(&helper))
        .find(|p| call.world.is_file(p));
    match on_path {
        Some(path) => Ok((wanted, vec![path.display().to_string()])),
        None => {
            say(&format!(
                "thermos: run builds for this machine ({host}): GOOS/GOARCH {wanted} in the environment is passed over"
            ));
            Ok((host, given))
        }
    }
}

fn start(call: &Call<'_>, path: &Path, runner: &[String], args: &[String]) -> Result<u8, Failure> {
    let mut command = match runner.split_first() {
        None => Command::new(path),
        Some((first, rest)) => {
            let mut command = Command::new(first);
            command.args(rest).arg(path);
            command
        }
    };
    command.args(args).current_dir(call.world.cwd());
    if let Some(bin) = env::bin_dir(&call.config, call.world) {
        let old = call.config.set("PATH").unwrap_or_default();
        command.env("PATH", format!("{}:{old}", bin.display()));
    }
    die_with_us(&mut command);
    // Before the program starts, so that no signal is lost in between.
    let signals = SignalsInfo::<WithOrigin>::new([SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2])
        .map_err(|e| Failure::new(1, format!("go: {}", io_words(&e))))?;
    let child =
        command.spawn().map_err(|e| Failure::new(1, format!("go: {}: {}", path.display(), io_words(&e))))?;
    let status = wait(child, signals).map_err(|e| Failure::new(1, format!("go: {}", io_words(&e))))?;
    Ok(ended(status))
}

/// Passes signals on until the program ends.
fn wait(mut child: Child, mut signals: SignalsInfo<WithOrigin>) -> std::io::Result<ExitStatus> {
    let pid = Pid::from_child(&child);
    let handle = signals.handle();
    let forwarder = std::thread::spawn(move || {
        for info in &mut signals {
            // The terminal has sent its own signals to the program already.
            let from_terminal =
                matches!(info.signal, SIGINT | SIGQUIT) && !matches!(info.cause, Cause::Sent(_));
            if !from_terminal && let Some(signal) = Signal::from_named_raw(info.signal) {
                let _ = kill_process(pid, signal);
            }
        }
    });
    let status = child.wait();
    handle.close();
    let _ = forwarder.join();
    status
}

/// Says how the program ended, and gives our own exit code.
fn ended(status: ExitStatus) -> u8 {
    match (status.code(), status.signal()) {
        (Some(0), _) => 0,
        (Some(code), _) => {
            say(&format!("exit status {code}"));
            1
        }
        (None, signal) => {
            let signal = signal.unwrap_or_default();
            let core = if status.core_dumped() { " (core dumped)" } else { "" };
            say(&format!("signal: {}{core}", signal_words(signal)));
            1
        }
    }
}

/// As Go's syscall package names them.
pub(super) fn signal_words(signal: i32) -> String {
    const WORDS: &[(i32, &str)] = &[
        (1, "hangup"),
        (2, "interrupt"),
        (3, "quit"),
        (4, "illegal instruction"),
        (5, "trace/breakpoint trap"),
        (6, "aborted"),
        (7, "bus error"),
        (8, "floating point exception"),
        (9, "killed"),
        (10, "user defined signal 1"),
        (11, "segmentation fault"),
        (12, "user defined signal 2"),
        (13, "broken pipe"),
        (14, "alarm clock"),
        (15, "terminated"),
    ];
    WORDS
        .iter()
        .find(|(n, _)| *n == signal)
        .map_or_else(|| format!("signal {signal}"), |(_, words)| (*words).to_owned())
}

#[cfg(target_os = "linux")]
#[expect(unsafe_code, reason = "the only way to run a system call between fork and exec")]
pub(super) fn die_with_us(command: &mut Command) {
    // SAFETY: one system call, without allocation or locks, which is allowed between fork and exec.
    unsafe {
        command.pre_exec(|| Ok(rustix::process::set_parent_process_death_signal(Some(Signal::KILL))?));
    }
}

#[cfg(not(target_os = "linux"))]
pub(super) fn die_with_us(_command: &mut Command) {}

/// An executable without a name in any directory: it is gone with the last process that runs it.
struct Nameless {
    path: PathBuf,
    _file: std::fs::File,
}

impl Nameless {
    fn new(job: &Job<'_>, program: &Program) -> Result<Nameless, Failure> {
        use std::io::Write;
        let problem =
            |e: std::io::Error| Failure::new(1, format!("go: creating work file: {}", io_words(&e)));
        let exe = program.exe.and_then(|id| job.store.read_plain(id));
        let bytes =
            exe.ok_or_else(|| Failure::new(1, "go: the executable vanished from the cache; run again"))?;
        // Inherited on purpose: the program is started by the name of the descriptor.
        let fd = rustix::fs::memfd_create(program.name.as_str(), rustix::fs::MemfdFlags::empty())
            .map_err(|e| problem(e.into()))?;
        let mut file = std::fs::File::from(fd);
        file.write_all(&bytes).map_err(problem)?;
        let path = PathBuf::from(format!(
            "/proc/{}/fd/{}",
            std::process::id(),
            std::os::fd::AsRawFd::as_raw_fd(&file)
        ));
        Ok(Nameless { path, _file: file })
    }
}
