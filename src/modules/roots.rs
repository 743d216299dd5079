//! The main module: where its go.mod is and what it says.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::base::World;

use super::config::Config;
use super::error::{Fatal, os_words, short_path};
use super::gomod::{self, GoMod, Mistake};
use super::package::Module;
use super::version::{GO_RELEASE, compare_go};

/// What go says where a module is needed and there is none.
pub(super) const NO_MODULE: &str =
    "go.mod file not found in current directory or any parent directory; see 'go help modules'";

/// The main module.
#[derive(Clone, Debug)]
pub(super) struct Main {
    pub dir: PathBuf,
    pub go_mod: GoMod,
    pub module: Arc<Module>,
}

/// The directory of the go.mod that governs `dir`.
pub fn module_root(world: &dyn World, dir: &Path) -> Option<PathBuf> {
    dir.ancestors().find(|dir| world.is_file(&dir.join("go.mod"))).map(Path::to_path_buf)
}

/// The go.mod that governs `dir`.
pub fn find_go_mod(world: &dyn World, dir: &Path) -> Option<PathBuf> {
    module_root(world, dir).map(|dir| dir.join("go.mod"))
}

/// The module of the working directory, or else the one that every pattern names a directory or file of:
/// `run ./fixtures/hello` works from above a module too, where go asks for a `cd`.
pub(super) fn load_main(
    world: &dyn World,
    config: &Config,
    patterns: &[String],
) -> Result<Option<Main>, Fatal> {
    let cwd = world.cwd();
    let Some(dir) = module_root(world, &cwd).or_else(|| named_root(world, patterns)) else {
        return Ok(None);
    };
    let file = match &config.modfile {
        Some(file) => cwd.join(file),
        None => dir.join("go.mod"),
    };
    let shown = short_path(&cwd, &file);
    let shown = shown.display();
    let text = world.read(&file).map_err(|e| {
        // Only the path of -modfile is told as it was given.
        let named = if config.modfile.is_some() { short_path(&cwd, &file) } else { file.clone() };
        Fatal(format!("go: open {}: {}", named.display(), os_words(&e)))
    })?;
    let go_mod = gomod::parse(&text, true).map_err(|mistakes| {
        // Another release's go.mod may be malformed by our rules only: its version is what to tell.
        Fatal(format!("go: errors parsing {shown}:\n{}", show_mistakes(&mistakes, &shown.to_string(), &file)))
    })?;
    let Some(path) = go_mod.module.clone().filter(|path| !path.is_empty()) else {
        return Err(Fatal(format!(
            "go: error reading {shown}: missing module declaration. To specify the module path:\n\tgo mod edit -module=example.com/mod"
        )));
    };
    if let Some(go) = &go_mod.go
        && compare_go(go, GO_RELEASE).is_gt()
    {
        return Err(Fatal(format!(
            "go: {shown} requires go >= {go} (running go {GO_RELEASE}; GOTOOLCHAIN=local)"
        )));
    }
    let module = Module {
        path,
        dir: dir.clone(),
        go_mod: Some(file),
        go_version: go_mod.go.clone().unwrap_or_default(),
        main: true,
        ..Module::default()
    };
    Ok(Some(Main { dir, go_mod, module: Arc::new(module) }))
}

fn named_root(world: &dyn World, patterns: &[String]) -> Option<PathBuf> {
    let mut roots = patterns.iter().map(|pattern| {
        let is_path =
            super::resolve::is_local(pattern) || pattern.starts_with('/') || pattern.ends_with(".go");
        let dir = crate::base::world::clean_path(&world.cwd().join(pattern));
        // A wildcard searches below the working directory's module, and there is none.
        if is_path && !pattern.contains("...") { module_root(world, &dir) } else { None }
    });
    let first = roots.next()??;
    roots.all(|root| root.as_ref() == Some(&first)).then_some(first)
}

/// One per line, as `go.mod:4: unknown directive: bogus`.
/// `whole` is the file's whole path, which some texts name.
pub(super) fn show_mistakes(mistakes: &[Mistake], file: &str, whole: &Path) -> String {
    let show = |mistake: &Mistake| {
        let text = mistake.text.replace("FILE", &whole.display().to_string());
        match mistake.column {
            Some(column) => format!("{file}:{}:{column}: {text}", mistake.line),
            None => format!("{file}:{}: {text}", mistake.line),
        }
    };
    mistakes.iter().map(show).collect::<Vec<_>>().join("\n")
}
