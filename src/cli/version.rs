//! `version`: ours, or that of Go executables.

use std::path::Path;

use super::flags::{Flag, Flags, Takes};
use super::{Call, Failure, print, say};
use crate::base::World;
use crate::base::world::FileKind;
use crate::build::{buildinfo, config::GO_VERSION};
use crate::target::Target;

pub(super) const FLAGS: &[&[Flag]] =
    &[&[("m", Takes::Bool), ("v", Takes::Bool), ("json", Takes::Bool), ("C", Takes::Text)]];

pub(super) fn version(call: &Call<'_>, flags: Flags) -> Result<u8, Failure> {
    if flags.args.is_empty() {
        if flags.has("m") || flags.has("v") {
            return Err(Failure::new(2, "go: flags -m and -v require a file argument"));
        }
        let host = Target::host();
        let target = call.config.target().unwrap_or(host);
        print(&format!("go version {GO_VERSION} {target}\n"));
        return Ok(0);
    }
    let mut code = 0;
    for word in &flags.args {
        let path = call.world.cwd().join(word);
        match call.world.stat(&path) {
            Err(_) => {
                say(&format!("stat {word}: no such file or directory"));
                code = 1;
            }
            Ok(stat) if stat.kind == FileKind::Dir => walk(call, &flags, &path, Path::new(word)),
            Ok(_) => show(call, &flags, &path, word, flags.has("v")),
        }
    }
    Ok(code)
}

fn walk(call: &Call<'_>, flags: &Flags, dir: &Path, shown: &Path) {
    for entry in call.world.read_dir(dir).unwrap_or_default() {
        let (path, name) = (dir.join(&entry.name), shown.join(&entry.name));
        match entry.kind {
            FileKind::Dir => walk(call, flags, &path, &name),
            FileKind::File => show(call, flags, &path, &name.display().to_string(), flags.has("v")),
            _ => {}
        }
    }
}

/// Files that are no Go executables are passed over, unless `-v` asks about them.
fn show(call: &Call<'_>, flags: &Flags, path: &Path, name: &str, complain: bool) {
    let Ok(bytes) = call.world.read(path) else { return };
    let Some(info) = buildinfo::read(&bytes) else {
        if complain {
            say(&format!("{name}: unrecognized file format"));
        }
        return;
    };
    if flags.has("json") {
        let json = serde_json::json!({ "GoVersion": info.version, "Modinfo": info.modinfo });
        print(&format!("{json}\n"));
        return;
    }
    print(&format!("{name}: {}\n", info.version));
    if flags.has("m") {
        print(&info.modinfo.lines().map(|line| format!("\t{line}\n")).collect::<String>());
    }
}
