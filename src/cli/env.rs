//! `env`: the settings in force, and `-w`/`-u` to change the defaults.

use std::path::Path;

use super::flags::{Flag, Flags, Takes};
use super::{Call, Failure, io_words, print, say};
use crate::base::World;
use crate::build::config::{Config, MORE_WRITABLE, READ_ONLY, VARIABLES, parse_env_file};
use crate::build::goroot;

pub(super) const FLAGS: &[&[Flag]] = &[&[
    ("json", Takes::Bool),
    ("changed", Takes::Bool),
    ("u", Takes::Bool),
    ("w", Takes::Bool),
    ("C", Takes::Text),
]];

pub(super) fn env(call: &Call<'_>, flags: Flags) -> Result<u8, Failure> {
    let exclusive = |a: &str, b: &str| flags.has(a) && flags.has(b);
    if exclusive("u", "w") {
        return Err(Failure::new(1, "go: cannot use -u with -w"));
    }
    if exclusive("json", "u") {
        return Err(Failure::new(1, "go: cannot use -json with -u"));
    }
    if exclusive("json", "w") {
        return Err(Failure::new(1, "go: cannot use -json with -w"));
    }
    if flags.has("w") || flags.has("u") {
        return change(call, &flags);
    }
    let mut names: Vec<&str> = if flags.args.is_empty() {
        VARIABLES.to_vec()
    } else {
        flags.args.iter().map(String::as_str).collect()
    };
    if flags.has("changed") {
        names.retain(|name| value(call, name) != default_value(call, name));
    }
    let values: Vec<(&str, String)> = names.iter().map(|name| (*name, value(call, name))).collect();
    let text: String = if flags.has("json") {
        let map: std::collections::BTreeMap<&str, &String> = values.iter().map(|(n, v)| (*n, v)).collect();
        let mut out = Vec::new();
        let mut writer = serde_json::Serializer::with_formatter(
            &mut out,
            serde_json::ser::PrettyFormatter::with_indent(b"\t"),
        );
        serde::Serialize::serialize(&map, &mut writer).expect("strings are JSON");
        String::from_utf8_lossy(&out).into_owned() + "\n"
    } else if flags.args.is_empty() || flags.has("changed") {
        values.iter().map(|(name, value)| format!("{name}='{}'\n", value.replace('\'', "'\"'\"'"))).collect()
    } else {
        values.iter().map(|(_, value)| format!("{value}\n")).collect()
    };
    print(&text);
    Ok(0)
}

/// What `env NAME` prints.
fn value(call: &Call<'_>, name: &str) -> String {
    let root = || goroot::find(&call.config, call.world).map(|p| p.display().to_string());
    match name {
        "GOROOT" => call.config.set("GOROOT").map(str::to_owned).or_else(root).unwrap_or_default(),
        "GOMOD" => go_mod(call.world, &call.config.cwd),
        "GOWORK" => match call.config.set("GOWORK") {
            Some(set) => set.to_owned(),
            None => go_work(call.world, &call.config).map(|f| f.display().to_string()).unwrap_or_default(),
        },
        "GOTOOLDIR" => match root() {
            Some(root) => format!(
                "{root}/pkg/tool/{}_{}",
                call.config.value("GOHOSTOS"),
                call.config.value("GOHOSTARCH")
            ),
            None => String::new(),
        },
        _ => call.config.value(name),
    }
}

fn default_value(call: &Call<'_>, name: &str) -> String {
    match name {
        "GOROOT" | "GOMOD" | "GOTOOLDIR" | "GOWORK" => value(call, name),
        _ => call.config.default_value(name),
    }
}

/// The main module's go.mod, or the null device outside a module.
fn go_mod(world: &dyn World, cwd: &Path) -> String {
    let found = cwd.ancestors().map(|dir| dir.join("go.mod")).find(|path| world.is_file(path));
    found.map_or_else(|| "/dev/null".to_owned(), |path| path.display().to_string())
}

/// The go.work that governs the working directory.
pub(super) fn go_work(world: &dyn World, config: &Config) -> Option<std::path::PathBuf> {
    match config.set("GOWORK") {
        Some("off") => None,
        Some(file) => Some(file.into()),
        None => {
            let root = goroot::find(config, world);
            let outside = |dir: &&Path| root.as_deref() != Some(*dir);
            let found = config.cwd.ancestors().filter(outside).map(|dir| dir.join("go.work"));
            found.into_iter().find(|file| world.is_file(file))
        }
    }
}

fn change(call: &Call<'_>, flags: &Flags) -> Result<u8, Failure> {
    let flag = if flags.has("w") { "-w" } else { "-u" };
    if flags.args.is_empty() {
        return Err(Failure::new(
            1,
            format!("go: no {} arguments given", if flags.has("w") { "KEY=VALUE" } else { "KEY" }),
        ));
    }
    let path =
        call.config.env_file.clone().ok_or_else(|| {
            Failure::new(1, "go: cannot find go env config: GOENV=off or no home directory")
        })?;
    let mut settings = call.world.read(&path).map(|text| parse_env_file(&text)).unwrap_or_default();
    for word in &flags.args {
        let (name, value) = match (flags.has("w"), word.split_once('=')) {
            (true, Some((name, value))) => (name, Some(value)),
            (true, None) => {
                return Err(Failure::new(
                    1,
                    format!("go: arguments must be KEY=VALUE: invalid argument: {word}"),
                ));
            }
            (false, _) => (word.as_str(), None),
        };
        check(name, value)?;
        match value {
            Some(value) => {
                if call.config.in_environment(name) {
                    say(&format!(
                        "warning: go env -w {name}=... does not override conflicting OS environment variable"
                    ));
                }
                settings.insert(name.to_owned(), value.to_owned());
            }
            None => {
                settings.remove(name);
            }
        }
    }
    let text: String = settings.iter().map(|(name, value)| format!("{name}={value}\n")).collect();
    write(&path, &text).map_err(|e| {
        Failure::new(1, format!("go: writing go env config: {flag} {}: {}", path.display(), io_words(&e)))
    })?;
    Ok(0)
}

/// What may be written.
fn check(name: &str, value: Option<&str>) -> Result<(), Failure> {
    let known = VARIABLES.contains(&name) || MORE_WRITABLE.contains(&name);
    if !known {
        return Err(Failure::new(1, format!("go: unknown go command variable {name}")));
    }
    if name == "GOENV" {
        return Err(Failure::new(1, "go: GOENV can only be set using the OS environment"));
    }
    if READ_ONLY.contains(&name) {
        return Err(Failure::new(1, format!("go: {name} cannot be modified")));
    }
    let Some(value) = value else { return Ok(()) };
    let absolute = ["GOBIN", "GOCACHE", "GOMODCACHE"].contains(&name);
    if absolute && !value.is_empty() && !Path::new(value).is_absolute() && value != "off" {
        return Err(Failure::new(
            1,
            format!("go: {name} entry is relative; must be absolute path: {value:?}"),
        ));
    }
    if name == "GOPATH" && !value.is_empty() && !value.split(':').all(|p| Path::new(p).is_absolute()) {
        return Err(Failure::new(
            1,
            format!("go: GOPATH entry is relative; must be absolute path: {value:?}"),
        ));
    }
    if value.contains('\n') {
        return Err(Failure::new(1, format!("go: invalid {name}: must be one line")));
    }
    Ok(())
}

#[allow(clippy::disallowed_methods, reason = "the one file that `env -w` writes")]
fn write(path: &Path, text: &str) -> std::io::Result<()> {
    if let Some(dir) = path.parent() {
        std::fs::create_dir_all(dir)?;
    }
    std::fs::write(path, text)
}

/// Kept here so that `run` and `env` agree on what the program sees.
pub(super) fn bin_dir(config: &Config, world: &dyn World) -> Option<std::path::PathBuf> {
    Some(goroot::find(config, world)?.join("bin"))
}
