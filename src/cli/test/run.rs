//! Runs one test binary and reads all it prints, up to a time at which it is ended.

use std::io::Read;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::cli::run::{die_with_us, signal_words};

/// One run.
pub(super) struct Run<'a> {
    /// What `-exec` says, before the binary.
    pub runner: &'a [String],
    pub exe: &'a Path,
    pub args: &'a [String],
    pub dir: &'a Path,
    /// Set besides our own environment.
    pub vars: Vec<(String, String)>,
    /// Where the binary writes what it looked at.
    pub log: Option<PathBuf>,
    /// Long after its own time-out.
    pub kill_after: Option<Duration>,
    /// For output that stays open behind the binary.
    pub wait: Duration,
}

/// How it ended.
pub(super) struct Ran {
    pub elapsed: Duration,
    pub passed: bool,
    /// `exit status 1`, and whether the binary exited by itself.
    pub status: String,
    pub exited: bool,
    /// What is wrong besides, in go's words.
    pub note: Option<String>,
}

/// Runs it; `out` gets what it prints as it comes.
pub(super) fn run(run: &Run<'_>, out: &mut dyn FnMut(&[u8])) -> std::io::Result<Ran> {
    let Run { runner, exe, args, dir, vars, log, kill_after, wait } = run;
    let mut command = match runner.split_first() {
        None => Command::new(exe),
        Some((first, rest)) => {
            let mut command = Command::new(first);
            command.args(rest).arg(exe);
            command
        }
    };
    if let Some(log) = log {
        command.arg(format!("-test.testlogfile={}", log.display()));
    }
    command.arg("-test.paniconexit0").args(*args).current_dir(dir).env("PWD", dir);
    command.envs(vars.iter().map(|(name, value)| (name, value)));
    let (mut reader, writer) = std::io::pipe()?;
    command.stdin(Stdio::null()).stdout(writer.try_clone()?).stderr(writer);
    die_with_us(&mut command);
    let started = Instant::now();
    let mut child = command.spawn()?;
    // The command holds ends of the pipe that would keep it open.
    drop(command);
    let (sender, received) = channel();
    let pipe_end = sender.clone();
    std::thread::spawn(move || {
        let mut buffer = vec![0; 64 << 10];
        loop {
            match reader.read(&mut buffer) {
                Ok(0) | Err(_) => break,
                Ok(n) => _ = pipe_end.send(Message::Output(buffer[..n].to_vec())),
            }
        }
        let _ = pipe_end.send(Message::Closed);
    });
    let pid = Pid::from_child(&child);
    std::thread::spawn(move || {
        let status = child.wait();
        let _ = sender.send(Message::Ended(status, Instant::now()));
    });
    let mut note = None;
    let mut deadline = kill_after.map(|after| started + after);
    let mut ended: Option<(ExitStatus, Instant)> = None;
    let mut closed = false;
    while ended.is_none() || !closed {
        let left = match deadline {
            Some(at) => at.saturating_duration_since(Instant::now()),
            None => Duration::from_secs(3600),
        };
        match received.recv_timeout(left) {
            Ok(Message::Output(bytes)) => out(&bytes),
            Ok(Message::Closed) => closed = true,
            Ok(Message::Ended(status, at)) => {
                ended = Some((status?, at));
                deadline = Some(Instant::now() + *wait);
            }
            Err(RecvTimeoutError::Timeout) if deadline.is_none() => {}
            Err(_) if ended.is_some() => {
                note = Some(format!("*** Test I/O incomplete {} after exiting.\n", go_duration(*wait)));
                break;
            }
            Err(_) if note.is_none() => {
                // It may still say where it hangs.
                let _ = kill_process(pid, Signal::QUIT);
                let after = go_duration(kill_after.unwrap_or_default());
                note = Some(format!("*** Test killed with quit: ran too long ({after}).\n"));
                deadline = Some(Instant::now() + *wait);
            }
            Err(_) => {
                let _ = kill_process(pid, Signal::KILL);
                deadline = Some(Instant::now() + *wait);
            }
        }
    }
    let (status, at) = ended.expect("the loop ends when the test has");
    let shown = match (status.code(), status.signal()) {
        (Some(code), _) => format!("exit status {code}"),
        (None, signal) => {
            let core = if status.core_dumped() { " (core dumped)" } else { "" };
            format!("signal: {}{core}", signal_words(signal.unwrap_or_default()))
        }
    };
    Ok(Ran {
        elapsed: at - started,
        passed: status.success() && note.is_none(),
        status: shown,
        exited: status.code().is_some(),
        note,
    })
}

enum Message {
    Output(Vec<u8>),
    Closed,
    Ended(std::io::Result<ExitStatus>, Instant),
}

/// As Go prints a duration of whole milliseconds: `11m0s`, `1.5s`.
pub(super) fn go_duration(duration: Duration) -> String {
    let (seconds, millis) = (duration.as_secs(), duration.subsec_millis());
    if seconds == 0 {
        return if millis == 0 { "0s".to_owned() } else { format!("{millis}ms") };
    }
    let fraction = match format!("{millis:03}").trim_end_matches('0') {
        "" => String::new(),
        digits => format!(".{digits}"),
    };
    let (hours, minutes, rest) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    match (hours, minutes) {
        (0, 0) => format!("{rest}{fraction}s"),
        (0, _) => format!("{minutes}m{rest}{fraction}s"),
        _ => format!("{hours}h{minutes}m{rest}{fraction}s"),
    }
}

/// Reads a duration as Go's flag package does: `1h2m3.5s`, `0`.
pub(super) fn parse_duration(text: &str) -> Option<Duration> {
    if text == "0" {
        return Some(Duration::ZERO);
    }
    const UNITS: &[(&str, f64)] =
        &[("ns", 1e-9), ("us", 1e-6), ("µs", 1e-6), ("ms", 1e-3), ("h", 3600.0), ("m", 60.0), ("s", 1.0)];
    let mut rest = text.strip_prefix('+').unwrap_or(text);
    let mut seconds = 0.0;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let number: f64 = rest[..digits].parse().ok()?;
        let (unit, factor) = UNITS.iter().find(|(unit, _)| rest[digits..].starts_with(unit))?;
        seconds += number * factor;
        rest = &rest[digits + unit.len()..];
    }
    Duration::try_from_secs_f64(seconds).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_as_go_writes_them() {
        for text in ["10m0s", "1h0m1s", "1.5s", "250ms", "0s", "11m0s"] {
            assert_eq!(go_duration(parse_duration(text).unwrap()), text);
        }
        assert_eq!(parse_duration("0"), Some(Duration::ZERO));
        assert_eq!(parse_duration("90"), None);
        assert_eq!(parse_duration("-1s"), None);
    }
}
