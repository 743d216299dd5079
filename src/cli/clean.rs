//! `clean`: removes what builds left in a package's directory, and the cache.

#![allow(clippy::disallowed_methods, reason = "removing files is what this command is for")]

use std::path::{Path, PathBuf};

use super::flags::{self, Flag, Flags, Takes};
use super::{Call, Failure, io_words, print};
use crate::base::World;
use crate::store;

pub(super) const FLAGS: &[&[Flag]] = &[
    flags::BUILD,
    &[
        ("i", Takes::Bool),
        ("r", Takes::Bool),
        ("cache", Takes::Bool),
        ("testcache", Takes::Bool),
        ("modcache", Takes::Bool),
        ("fuzzcache", Takes::Bool),
    ],
];

pub(super) fn clean(call: &Call<'_>, flags: Flags) -> Result<u8, Failure> {
    let (dry, shown) = (flags.has("n"), flags.has("n") || flags.has("x"));
    for what in ["cache", "testcache", "modcache", "fuzzcache"] {
        if flags.has(what) && !flags.args.is_empty() {
            return Err(Failure::new(1, format!("go: clean -{what} cannot be used with package arguments")));
        }
    }
    let whole = ["cache", "testcache", "modcache", "fuzzcache"].iter().any(|what| flags.has(what));
    if flags.has("cache") {
        let dir = call.config.gocache().map_err(|e| Failure::new(1, e))?.join(store::SUBDIR);
        if shown && dir.exists() {
            print(&format!("rm -r {}\n", dir.display()));
        }
        if !dry {
            store::clean(&dir)
                .map_err(|e| Failure::new(1, format!("go: {}: {}", dir.display(), io_words(&e))))?;
        }
    }
    if flags.has("modcache") {
        let dir = call
            .config
            .gomodcache()
            .ok_or_else(|| Failure::new(1, "go: cannot clean -modcache without a module cache"))?;
        if shown {
            print(&format!("rm -rf {}\n", dir.display()));
        }
        if !dry && dir.exists() {
            remove_tree(&dir)
                .map_err(|e| Failure::new(1, format!("go: {}: {}", dir.display(), io_words(&e))))?;
        }
    }
    if !whole || !flags.args.is_empty() {
        let words: Vec<String> =
            if flags.args.is_empty() { vec![".".to_owned()] } else { flags.args.clone() };
        for word in &words {
            package(call, word, dry, shown)?;
        }
    }
    Ok(0)
}

/// Module cache directories are read-only, so that nobody edits a dependency by accident.
fn remove_tree(dir: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    for entry in std::fs::read_dir(dir)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            std::fs::set_permissions(entry.path(), std::fs::Permissions::from_mode(0o755))?;
            remove_tree(&entry.path())?;
        }
    }
    std::fs::remove_dir_all(dir)
}

/// Removes the executables and test binaries that builds leave beside a package's files.
fn package(call: &Call<'_>, word: &str, dry: bool, shown: bool) -> Result<(), Failure> {
    let dir = crate::base::world::clean_path(&call.world.cwd().join(word));
    if !call.world.is_dir(&dir) {
        return Ok(());
    }
    let Ok(entries) = call.world.read_dir(&dir) else { return Ok(()) };
    let element = dir.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    let module = last_element(call.world, &dir).unwrap_or_else(|| element.clone());
    let mut names: Vec<String> = [element.as_str(), module.as_str()]
        .into_iter()
        .flat_map(|base| {
            [base.to_owned(), format!("{base}.exe"), format!("{base}.test"), format!("{base}.test.exe")]
        })
        .collect();
    names.extend(["_obj", "_test", "_testmain.go", "test.out", "build.out", "a.out"].map(str::to_owned));
    for entry in &entries {
        let stem = entry.name.strip_suffix(".go");
        names.extend(stem.map(str::to_owned).into_iter().flat_map(|s| [s.clone(), format!("{s}.exe")]));
    }
    names.sort();
    names.dedup();
    let old_object = |name: &str| [".5", ".6", ".8", ".a", ".o", ".so"].iter().any(|end| name.ends_with(end));
    let gone: Vec<PathBuf> = entries
        .iter()
        .filter(|e| old_object(&e.name) || names.binary_search(&e.name).is_ok())
        .filter(|e| !call.world.is_dir(&dir.join(&e.name)) || e.name.starts_with('_'))
        .map(|e| dir.join(&e.name))
        .collect();
    if shown {
        let list: String = gone
            .iter()
            .map(|p| format!(" {}", p.file_name().unwrap_or_default().to_string_lossy()))
            .collect();
        print(&format!("cd {}\nrm -f{list}\n", dir.display()));
    }
    if dry {
        return Ok(());
    }
    for path in gone {
        let result = if path.is_dir() { std::fs::remove_dir_all(&path) } else { std::fs::remove_file(&path) };
        result.map_err(|e| Failure::new(1, format!("go: {}: {}", path.display(), io_words(&e))))?;
    }
    Ok(())
}

/// The last element of the module's path, when `dir` is the module's root: a build names its output so.
fn last_element(world: &dyn World, dir: &Path) -> Option<String> {
    let text = world.read(&dir.join("go.mod")).ok()?;
    let text = String::from_utf8_lossy(&text).into_owned();
    let path = text
        .lines()
        .find_map(|line| line.trim().strip_prefix("module "))?
        .trim()
        .trim_matches('"')
        .to_owned();
    Some(crate::build::default_name(&path))
}
