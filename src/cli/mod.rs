//! Speaks exactly like `go`; the only room that prints or exits.
//!
//! # What holds
//! - Diagnostics go to stderr; stdout is for what a command was asked to print.
//! - Exit codes: 0, 1 for any failure, 2 for wrong usage; `run` and signals as `run.rs` says.
//!
//! # To add a command
//! Write its file, add a row to [`COMMANDS`] and its text to `words.rs`.

mod build;
mod cache;
mod clean;
mod env;
mod flags;
mod goroot;
mod list;
mod progress;
mod replaced;
mod run;
mod template;
mod test;
mod timings;
mod vcs;
mod version;
mod why;
mod words;
mod world;

use std::io::Write;
use std::process::ExitCode;

use crate::base::{World, world::clean_path};
use crate::build::config::Config;
use flags::{Flag, Flags};
use world::OsWorld;

/// One command of the program.
struct Command {
    name: &'static str,
    /// What follows the name in a usage line.
    usage: &'static str,
    short: &'static str,
    flags: &'static [&'static [Flag]],
    run: fn(&Call<'_>, Flags) -> Result<u8, Failure>,
}

/// Everything we can do, by name.
const COMMANDS: &[Command] = &[
    Command {
        name: "build",
        usage: "[-o output] [build flags] [packages]",
        short: "compile packages and dependencies",
        flags: build::BUILD_FLAGS,
        run: build::build,
    },
    Command {
        name: "cache",
        usage: "[path | stats | ls [stage] | show key | verify | runs | diff run run]",
        short: "look into the cache and into past builds",
        flags: cache::FLAGS,
        run: cache::cache,
    },
    Command {
        name: "clean",
        usage: "[-i] [-r] [-cache] [-testcache] [-modcache] [-fuzzcache] [build flags] [packages]",
        short: "remove object files and cached files",
        flags: clean::FLAGS,
        run: clean::clean,
    },
    Command {
        name: "env",
        usage: "[-json] [-changed] [-u] [-w] [var ...]",
        short: "print Go environment information",
        flags: env::FLAGS,
        run: env::env,
    },
    Command {
        name: "goroot",
        usage: "[install | verify | path]",
        short: "find or fetch the standard library's source",
        flags: &[],
        run: goroot::goroot,
    },
    Command {
        name: "install",
        usage: "[build flags] [packages]",
        short: "compile and install packages and dependencies",
        flags: build::INSTALL_FLAGS,
        run: build::install,
    },
    Command {
        name: "list",
        usage: "[-f format] [-json] [-m] [list flags] [build flags] [packages]",
        short: "list packages or modules",
        flags: list::FLAGS,
        run: list::list,
    },
    Command {
        name: "run",
        usage: "[build flags] [-exec xprog] package [arguments...]",
        short: "compile and run Go program",
        flags: run::FLAGS,
        run: run::run,
    },
    Command {
        name: "test",
        usage: "[build/test flags] [packages] [build/test flags & test binary flags]",
        short: "test packages",
        flags: test::FLAGS,
        run: test::test,
    },
    Command {
        name: "version",
        usage: "[-m] [-v] [-json] [file ...]",
        short: "print Go version",
        flags: version::FLAGS,
        run: version::version,
    },
    Command {
        name: "why",
        usage: "[-json] [-run number] [stage | package | file | function ...]",
        short: "explain what the last build did",
        flags: why::FLAGS,
        run: why::why,
    },
];

/// What a command gets besides its own flags.
struct Call<'a> {
    world: &'a OsWorld,
    config: Config,
    /// Everything after the program's name, for records.
    line: &'a [String],
}

/// Why a command ends early: what it says on stderr, and its exit code.
#[derive(Debug)]
struct Failure {
    code: u8,
    text: String,
}

impl Failure {
    fn new(code: u8, text: impl Into<String>) -> Failure {
        Failure { code, text: text.into() }
    }
}

/// Runs the command line of this process.
pub fn main() -> ExitCode {
    // A write beyond the limit of file sizes is to fail as on a full disk, not to end us.
    let ignored = std::sync::Arc::default();
    let _ = signal_hook::flag::register(signal_hook::consts::SIGXFSZ, ignored);
    let args: Vec<String> = std::env::args_os().skip(1).map(|a| a.to_string_lossy().into_owned()).collect();
    ExitCode::from(match dispatch(&args) {
        Ok(code) => code,
        Err(failure) => {
            if !failure.text.is_empty() {
                say(&failure.text);
            }
            failure.code
        }
    })
}

fn dispatch(line: &[String]) -> Result<u8, Failure> {
    let Some(name) = line.first() else {
        return Err(Failure::new(2, words::overview(COMMANDS)));
    };
    let mut args = &line[1..];
    let mut world = OsWorld::new();
    match name.as_str() {
        "help" | "-h" | "-help" | "--help" => return help(args),
        _ => {}
    }
    let Some(command) = COMMANDS.iter().find(|c| c.name == name) else {
        let text = match words::NOT_YET.iter().find(|(n, _)| n == name) {
            Some(_) => format!("go {name}: not served by this toolchain yet"),
            None => format!("go {name}: unknown command\nRun 'go help' for usage."),
        };
        return Err(Failure::new(2, text));
    };
    // `-C dir` comes before everything else, so that relative names mean the same to all of us.
    if let Some((dir, rest)) = change_dir(args)? {
        let to = clean_path(&world.cwd().join(&dir));
        std::env::set_current_dir(&to)
            .map_err(|e| Failure::new(1, format!("go: chdir {dir}: {}", io_words(&e))))?;
        world.set_cwd(to);
        args = rest;
    }
    let config = Config::load(&world);
    if !matches!(command.name, "env" | "version" | "goroot" | "run") {
        config.target().map_err(|e| Failure::new(2, format!("go: {e}")))?;
    }
    if command.name == "test" {
        // Its flags stand among packages and flags of others: it reads them itself.
        return (command.run)(&Call { world: &world, config, line }, Flags::unread(args));
    }
    let mut flags =
        Flags::parse(command.flags, args).map_err(|problem| usage_failure(command, &problem, args))?;
    flags.add_goflags(&config.goflags(), command.flags).map_err(|e| Failure::new(1, format!("go: {e}")))?;
    if flags.text("C").is_some() {
        return Err(Failure::new(2, "go: -C flag must be first flag on command line"));
    }
    (command.run)(&Call { world: &world, config, line }, flags)
}

/// The directory of a leading `-C`, and what follows.
fn change_dir(args: &[String]) -> Result<Option<(String, &[String])>, Failure> {
    let Some(first) = args.first() else { return Ok(None) };
    let name = first.strip_prefix("--").or_else(|| first.strip_prefix('-')).unwrap_or("");
    if let Some(dir) = name.strip_prefix("C=") {
        return Ok(Some((dir.to_owned(), &args[1..])));
    }
    match (name, args.get(1)) {
        ("C", Some(dir)) => Ok(Some((dir.clone(), &args[2..]))),
        ("C", None) => Err(Failure::new(2, "flag needs an argument: -C")),
        _ => Ok(None),
    }
}

fn usage_failure(command: &Command, problem: &str, args: &[String]) -> Failure {
    let Command { name, usage, .. } = command;
    let usage = format!("usage: go {name} {usage}\nRun 'go help {name}' for details.");
    let wants_help = args
        .iter()
        .take_while(|a| a.starts_with('-'))
        .any(|a| matches!(a.trim_start_matches('-'), "h" | "help"));
    if wants_help {
        return Failure::new(2, usage);
    }
    Failure::new(2, format!("{problem}\n{usage}"))
}

fn help(args: &[String]) -> Result<u8, Failure> {
    match args {
        [] => {
            print(&(words::overview(COMMANDS) + "\n"));
            Ok(0)
        }
        [topic] => match words::topic(topic, COMMANDS) {
            Some(text) => {
                print(&text);
                Ok(0)
            }
            None => Err(Failure::new(2, format!("go help {topic}: unknown help topic. Run 'go help'."))),
        },
        more => {
            Err(Failure::new(2, format!("go help {}: unknown help topic. Run 'go help'.", more.join(" "))))
        }
    }
}

/// A line, or several, on stderr. Nobody listening is no reason to fail.
fn say(text: &str) {
    let mut stderr = std::io::stderr().lock();
    let _ = stderr.write_all(text.as_bytes());
    if !text.ends_with('\n') {
        let _ = stderr.write_all(b"\n");
    }
}

/// Text on stdout, as it is.
fn print(text: &str) {
    let mut stdout = std::io::stdout().lock();
    let _ = stdout.write_all(text.as_bytes());
    let _ = stdout.flush();
}

/// The system's words for a failure, without Rust's `(os error 2)`.
fn io_words(e: &std::io::Error) -> String {
    let text = e.to_string();
    let text = text.split(" (os error").next().unwrap_or(&text).to_owned();
    // Go prints the C library's words in lower case.
    let mut chars = text.chars();
    match chars.next() {
        Some(first) => first.to_lowercase().chain(chars).collect(),
        None => text,
    }
}
