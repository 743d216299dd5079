//! Runs `tests/script/*.txtar`: Go's script language, our own engine.
//!
//! A file is a txtar archive: the script, then `-- name --` files that are unpacked in `$WORK`. A line is
//! `[condition] [!|?] command args`; `#` begins a section; `'…'` quotes. `!` wants failure, `?` takes either.
//!
//! | command | does |
//! |---|---|
//! | `go args` | runs our executable |
//! | `both args` | runs the reference `go` and then ours: exit code, stdout and stderr must be the same |
//! | `exec prog args` | runs a program |
//! | `stdout re`, `stderr re` | the last output matches; `-count=N` so many times |
//! | `cmp a b`, `cp a b`, `grep re f`, `exists f…`, `rm f…`, `mkdir d`, `cd d`, `env K=V`, `symlink a -> b` | files and environment; `stdout` and `stderr` are files too |
//! | `append f text`, `replace a b f`, `damage f`, `touch f` | change files |
//! | `skip`, `stop` | end |
//!
//! Besides the usual variables, `$GO` is our executable and `$WORK` the script's directory.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use regex::Regex;

use crate::command::suite_dir;
use crate::provision;

struct Script {
    cwd: PathBuf,
    env: BTreeMap<String, String>,
    stdout: String,
    stderr: String,
}

enum Next {
    On,
    Stop,
}

#[test]
fn scripts() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/script");
    let only = std::env::var("SCRIPT").unwrap_or_default();
    let mut names: Vec<PathBuf> = fs::read_dir(dir).unwrap().map(|e| e.unwrap().path()).collect();
    names.retain(|p| p.extension().is_some_and(|e| e == "txtar") && p.to_string_lossy().contains(&only));
    names.sort();
    let failures: Vec<String> = names.iter().filter_map(|path| run_file(path).err()).collect();
    assert!(
        failures.is_empty(),
        "{} of {} scripts fail\n{}",
        failures.len(),
        names.len(),
        failures.join("\n")
    );
}

fn run_file(path: &Path) -> Result<(), String> {
    let text = fs::read_to_string(path).unwrap();
    let work = tempfile::tempdir().unwrap();
    let (script, files) = split(&text);
    let root = fs::canonicalize(work.path()).unwrap();
    for (name, body) in files {
        let to = root.join(name);
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::write(to, body).unwrap();
    }
    let mut state = Script::new(root);
    let mut log = String::new();
    for (number, line) in script.lines().enumerate() {
        if line.starts_with('#') {
            log.clear();
        }
        log += line;
        log.push('\n');
        match state.line(line) {
            Ok(Next::On) => {}
            Ok(Next::Stop) => break,
            Err(problem) => {
                let Script { stdout, stderr, .. } = &state;
                let name = path.file_name().unwrap().to_string_lossy();
                return Err(format!(
                    "--- {name}:{}: {problem}\n{log}[stdout]\n{stdout}[stderr]\n{stderr}",
                    number + 1
                ));
            }
        }
    }
    Ok(())
}

/// The script, and the files after it.
fn split(text: &str) -> (String, Vec<(String, String)>) {
    let mut script = String::new();
    let mut files: Vec<(String, String)> = Vec::new();
    for line in text.split_inclusive('\n') {
        let marker = line.trim_end().strip_prefix("-- ").and_then(|l| l.strip_suffix(" --"));
        match (marker, files.last_mut()) {
            (Some(name), _) => files.push((name.trim().to_owned(), String::new())),
            (None, Some((_, body))) => body.push_str(line),
            (None, None) => script.push_str(line),
        }
    }
    (script, files)
}

impl Script {
    fn new(work: PathBuf) -> Script {
        // Kept between scripts and runs: keys hold the compiler's identity, so nothing in it can be stale.
        let cache = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/it-cache");
        fs::create_dir_all(&cache).unwrap();
        let keep = |name: &str| (name.to_owned(), std::env::var(name).unwrap_or_default());
        let mut env: BTreeMap<String, String> =
            [keep("PATH"), keep("GOROOT"), keep("LD_LIBRARY_PATH")].into();
        let home = work.join("home");
        fs::create_dir_all(&home).unwrap();
        fs::create_dir_all(work.join("tmp")).unwrap();
        // Where a GOROOT that was fetched before lies.
        let data = std::env::var("XDG_DATA_HOME").unwrap_or_else(|_| {
            std::env::home_dir().unwrap_or_default().join(".local/share").display().to_string()
        });
        let at = |path: &Path| path.display().to_string();
        for (name, value) in [
            ("WORK", at(&work)),
            ("GO", env!("CARGO_BIN_EXE_thermos").to_owned()),
            ("HOME", at(&home)),
            ("XDG_DATA_HOME", data),
            ("TMPDIR", at(&work.join("tmp"))),
            ("GOCACHE", at(&fs::canonicalize(cache).unwrap())),
            ("GOENV", "off".to_owned()),
            ("GOFLAGS", String::new()),
            ("GOPROXY", "off".to_owned()),
            ("GOTOOLCHAIN", "local".to_owned()),
        ] {
            env.insert(name.to_owned(), value);
        }
        Script { cwd: work, env, stdout: String::new(), stderr: String::new() }
    }

    fn line(&mut self, line: &str) -> Result<Next, String> {
        let mut words = self.words(line);
        while let Some(condition) = words.first().and_then(|w| w.0.strip_prefix('[')?.strip_suffix(']')) {
            let (wanted, name) = match condition.strip_prefix('!') {
                Some(name) => (false, name),
                None => (true, condition),
            };
            if holds(name) != wanted {
                return Ok(Next::On);
            }
            words.remove(0);
        }
        let Some((first, _)) = words.first().cloned() else { return Ok(Next::On) };
        let expect = match first.as_str() {
            "!" => Some(false),
            "?" => None,
            _ => Some(true),
        };
        if matches!(first.as_str(), "!" | "?") {
            words.remove(0);
        }
        let Some((command, _)) = words.first().cloned() else {
            return Err("a command is missing".to_owned());
        };
        let args: Vec<(String, bool)> = words[1..].to_vec();
        let plain: Vec<String> = args.iter().map(|a| a.0.clone()).collect();
        match command.as_str() {
            "skip" | "stop" => return Ok(Next::Stop),
            _ => {}
        }
        let result = self.command(&command, &plain);
        // That they differ is never what `!` asks for.
        if let ("both", Err(problem)) = (&*command, &result)
            && problem.starts_with("the reference")
        {
            return result.map(|()| Next::On);
        }
        match (expect, result) {
            (Some(true), Err(problem)) => Err(problem),
            (Some(false), Ok(())) => Err(format!("{command} succeeded, which was not wanted")),
            _ => Ok(Next::On),
        }
    }

    fn command(&mut self, command: &str, args: &[String]) -> Result<(), String> {
        let arg = |n: usize| {
            args.get(n).map(String::as_str).ok_or_else(|| format!("{command}: argument {n} is missing"))
        };
        let told = |e: std::io::Error| e.to_string();
        match command {
            "both" => self.both(args),
            "go" => {
                let program = env!("CARGO_BIN_EXE_thermos").to_owned();
                self.run(&program, args)
            }
            "exec" => {
                let program = arg(0)?;
                let program = if program.contains('/') {
                    self.path(program).display().to_string()
                } else {
                    program.to_owned()
                };
                self.run(&program, &args[1..])
            }
            "stdout" => matches(&self.stdout, args),
            "stderr" => matches(&self.stderr, args),
            "grep" => {
                let text = fs::read_to_string(self.path(args.last().ok_or("grep: a file is missing")?))
                    .map_err(told)?;
                matches(&text, &args[..args.len() - 1])
            }
            "cmp" => {
                let (a, b) = (self.content(arg(0)?)?, self.content(arg(1)?)?);
                if a == b { Ok(()) } else { Err(format!("{} and {} differ", args[0], args[1])) }
            }
            "cp" => {
                let body = self.content(arg(0)?)?;
                let mut to = self.path(arg(1)?);
                if to.is_dir() {
                    to = to.join(Path::new(&args[0]).file_name().unwrap_or_default());
                }
                fs::write(to, body).map_err(told)
            }
            "mv" => fs::rename(self.path(arg(0)?), self.path(arg(1)?)).map_err(told),
            "cd" => {
                self.cwd = self.path(arg(0)?);
                if self.cwd.is_dir() { Ok(()) } else { Err(format!("no directory {}", args[0])) }
            }
            "mkdir" => args.iter().try_for_each(|a| fs::create_dir_all(self.path(a)).map_err(told)),
            "rm" => args.iter().try_for_each(|a| {
                let path = self.path(a);
                if path.is_dir() {
                    fs::remove_dir_all(path).map_err(told)
                } else {
                    fs::remove_file(path).or(Ok(()))
                }
            }),
            "exists" => args.iter().try_for_each(|a| {
                if self.path(a).exists() { Ok(()) } else { Err(format!("{a} does not exist")) }
            }),
            "env" => {
                for word in args {
                    let (name, value) = word.split_once('=').ok_or("env: NAME=value")?;
                    self.env.insert(name.to_owned(), value.to_owned());
                }
                Ok(())
            }
            "unset" => {
                args.iter().for_each(|name| drop(self.env.remove(name)));
                Ok(())
            }
            "symlink" => std::os::unix::fs::symlink(self.path(arg(2)?), self.path(arg(0)?)).map_err(told),
            "append" => {
                let path = self.path(arg(0)?);
                let old = fs::read_to_string(&path).unwrap_or_default();
                fs::write(path, old + &args[1..].join(" ") + "\n").map_err(told)
            }
            "replace" => {
                let path = self.path(arg(2)?);
                let old = fs::read_to_string(&path).map_err(told)?;
                if !old.contains(arg(0)?) {
                    return Err(format!("replace: {:?} is not in {}", args[0], args[2]));
                }
                fs::write(path, old.replace(arg(0)?, arg(1)?)).map_err(told)
            }
            "touch" => args.iter().try_for_each(|a| {
                let body = fs::read(self.path(a)).map_err(told)?;
                fs::write(self.path(a), body).map_err(told)
            }),
            "damage" => args.iter().try_for_each(|a| damage(&self.path(a))),
            "chmod" => {
                use std::os::unix::fs::PermissionsExt;
                let mode = u32::from_str_radix(arg(0)?, 8).map_err(|e| e.to_string())?;
                fs::set_permissions(self.path(arg(1)?), fs::Permissions::from_mode(mode)).map_err(told)
            }
            other => Err(format!("unknown command {other}")),
        }
    }

    /// Ours ran last, so `stdout`, `stderr` and the files are those of ours.
    fn both(&mut self, args: &[String]) -> Result<(), String> {
        let goroot = provision::goroot()?;
        let ours = self.env.clone();
        let cache = suite_dir().join("reference-cache");
        for (name, value) in [("GOROOT", &goroot), ("GOCACHE", &cache)] {
            if name == "GOROOT" || is_ordinary_cache(&ours) {
                self.env.insert(name.to_owned(), value.display().to_string());
            }
        }
        self.env.insert("CGO_ENABLED".to_owned(), "0".to_owned());
        let _ = self.run(&goroot.join("bin/go").display().to_string(), args);
        let theirs = (self.env["STATUS"].clone(), self.stdout.clone(), self.stderr.clone());
        self.env = ours.clone();
        self.env.insert("GOROOT".to_owned(), goroot.display().to_string());
        let result = self.run(env!("CARGO_BIN_EXE_thermos"), args);
        let mine = (self.env["STATUS"].clone(), self.stdout.clone(), self.stderr.clone());
        let status = mine.0.clone();
        self.env = ours;
        self.env.insert("STATUS".to_owned(), status);
        if mine != theirs {
            let (code, stdout, stderr) = theirs;
            return Err(format!(
                "the reference says otherwise: exit code {code}\n[its stdout]\n{stdout}[its stderr]\n{stderr}"
            ));
        }
        result
    }

    fn run(&mut self, program: &str, args: &[String]) -> Result<(), String> {
        let mut command = Command::new(program);
        command.args(args).current_dir(&self.cwd).env_clear().envs(&self.env).env("PWD", &self.cwd);
        let out = command.stdin(Stdio::null()).output().map_err(|e| format!("{program}: {e}"))?;
        self.stdout = String::from_utf8_lossy(&out.stdout).into_owned();
        self.stderr = String::from_utf8_lossy(&out.stderr).into_owned();
        self.env.insert("STATUS".to_owned(), out.status.code().unwrap_or(-1).to_string());
        if out.status.success() { Ok(()) } else { Err(format!("{}", out.status)) }
    }

    fn content(&self, name: &str) -> Result<Vec<u8>, String> {
        match name {
            "stdout" => Ok(self.stdout.clone().into_bytes()),
            "stderr" => Ok(self.stderr.clone().into_bytes()),
            _ => fs::read(self.path(name)).map_err(|e| format!("{name}: {e}")),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.cwd.join(name)
    }

    /// Splits at blanks, outside quotes with variables replaced; true marks a quoted word. In patterns a
    /// variable stands for its value, not for a pattern.
    fn words(&self, line: &str) -> Vec<(String, bool)> {
        let is_pattern = line.split_whitespace().any(|w| matches!(w, "stdout" | "stderr" | "grep"));
        let mut words: Vec<(String, bool)> = Vec::new();
        let mut current: Option<(String, bool)> = None;
        let mut chars = line.chars().peekable();
        while let Some(c) = chars.next() {
            match c {
                '#' if current.is_none() => break,
                ' ' | '\t' => words.extend(current.take()),
                '\'' => {
                    let (word, quoted) = current.get_or_insert_with(Default::default);
                    *quoted = true;
                    while let Some(c) = chars.next() {
                        match c {
                            '\'' if chars.peek() == Some(&'\'') => {
                                chars.next();
                                word.push('\'');
                            }
                            '\'' => break,
                            c => word.push(c),
                        }
                    }
                }
                '$' => {
                    let braced = chars.next_if_eq(&'{').is_some();
                    let mut name = String::new();
                    while let Some(c) = chars.next_if(|c| c.is_alphanumeric() || *c == '_') {
                        name.push(c);
                    }
                    if braced {
                        chars.next();
                    }
                    let (word, _) = current.get_or_insert_with(Default::default);
                    if name.is_empty() {
                        word.push('$');
                        continue;
                    }
                    let value = self.env.get(&name).cloned().unwrap_or_default();
                    *word += &if is_pattern { regex::escape(&value) } else { value };
                }
                c => current.get_or_insert_with(Default::default).0.push(c),
            }
        }
        words.extend(current);
        words
    }
}

/// Whether the script has left `$GOCACHE` as it was: then the reference has its own.
fn is_ordinary_cache(env: &BTreeMap<String, String>) -> bool {
    env.get("GOCACHE").is_some_and(|dir| dir.ends_with("target/it-cache"))
}

fn holds(condition: &str) -> bool {
    match condition {
        "root" => fs::metadata("/proc/self").is_ok_and(|m| std::os::unix::fs::MetadataExt::uid(&m) == 0),
        "linux" => cfg!(target_os = "linux"),
        "short" => false,
        _ => match condition.strip_prefix("exec:") {
            Some(program) => std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default())
                .any(|d| d.join(program).is_file()),
            None => panic!("unknown condition {condition}"),
        },
    }
}

fn matches(text: &str, args: &[String]) -> Result<(), String> {
    let (count, pattern) = match args {
        [option, pattern] => (option.strip_prefix("-count=").and_then(|n| n.parse::<usize>().ok()), pattern),
        [pattern] => (None, pattern),
        _ => return Err("one pattern is wanted".to_owned()),
    };
    let found = Regex::new(&format!("(?m){pattern}")).map_err(|e| e.to_string())?.find_iter(text).count();
    match count {
        Some(n) if n != found => Err(format!("{pattern} was found {found} times, not {n}")),
        None if found == 0 => Err(format!("no match of {pattern}")),
        _ => Ok(()),
    }
}

/// Flips a bit in the middle of every file below `path`.
fn damage(path: &Path) -> Result<(), String> {
    if path.is_dir() {
        let entries = fs::read_dir(path).map_err(|e| e.to_string())?;
        return entries.flatten().try_for_each(|e| damage(&e.path()));
    }
    let mut bytes = fs::read(path)
        .map_err(|e| format!("{}: {e}", String::from_utf8_lossy(path.as_os_str().as_bytes())))?;
    let middle = bytes.len() / 2;
    if let Some(byte) = bytes.get_mut(middle) {
        *byte ^= 1;
    }
    fs::write(path, bytes).map_err(|e| e.to_string())
}
