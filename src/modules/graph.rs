//! The versions of modules a build uses: the least that satisfies every requirement.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use crate::base::World;

use super::config::{Config, ModMode};
use super::error::Fatal;
use super::gomod::{self, GoMod};
use super::roots::{Main, show_mistakes};
use super::sums::Sums;
use super::version::{compare_semver, escape};

/// Module path to version.
pub(super) type Selected = BTreeMap<String, String>;

pub(super) struct ModuleReader<'a> {
    pub world: &'a dyn World,
    pub config: &'a Config,
    pub main: &'a Main,
    pub sums: &'a Sums,
    pub mode: ModMode,
}

/// Where a module's files are.
#[derive(Clone, Debug)]
pub(super) struct Source {
    pub dir: PathBuf,
    /// A directory of the user's, not the module cache.
    pub local: bool,
}

#[derive(Clone, Debug)]
pub(super) enum FetchError {
    MissingSum,
    Other(String),
}

impl ModuleReader<'_> {
    /// What go.mod of the main module asks for.
    pub fn roots(&self) -> Selected {
        let mut out = Selected::new();
        for require in &self.main.go_mod.requires {
            raise(&mut out, &require.path, &require.version);
        }
        self.without_excluded(&mut out);
        out
    }

    /// Minimal version selection over every go.mod that can be reached.
    ///
    /// From go 1.17 on a dependency's own dependencies are read no further than one step, because its go.mod lists them all.
    pub fn all(&self) -> Result<Selected, Fatal> {
        let mut out = self.roots();
        let mut seen = BTreeSet::new();
        let mut queue: Vec<(String, String, bool)> =
            out.iter().map(|(path, version)| (path.clone(), version.clone(), true)).collect();
        while let Some((path, version, follow)) = queue.pop() {
            if !seen.insert((path.clone(), version.clone())) {
                continue;
            }
            let go_mod = self.dependency(&path, &version)?;
            let follow_on = follow && !go_mod.is_pruned();
            for require in &go_mod.requires {
                raise(&mut out, &require.path, &require.version);
                if follow_on || !self.main.go_mod.is_pruned() {
                    queue.push((require.path.clone(), require.version.clone(), follow_on));
                }
            }
        }
        self.without_excluded(&mut out);
        out.remove(&self.main.module.path);
        Ok(out)
    }

    fn without_excluded(&self, selected: &mut Selected) {
        for (path, version) in &self.main.go_mod.excludes {
            if selected.get(path) == Some(version) {
                selected.remove(path);
            }
        }
    }

    fn dependency(&self, path: &str, version: &str) -> Result<GoMod, Fatal> {
        let (file, summed) = match self.main.go_mod.replacement(path, version) {
            Some(replace) => match &replace.new_version {
                None => (self.main.dir.join(&replace.new_path).join("go.mod"), None),
                Some(v) => {
                    (self.cached_go_mod(&replace.new_path, v), Some((replace.new_path.clone(), v.clone())))
                }
            },
            None => (self.cached_go_mod(path, version), Some((path.to_owned(), version.to_owned()))),
        };
        if let Some((path, version)) = &summed
            && self.mode != ModMode::Mod
            && self.sums.go_mod(path, version).is_none()
        {
            return Err(Fatal(format!(
                "go: {path}@{version}: missing go.sum entry for go.mod file; to add it:\n\tgo mod download {path}"
            )));
        }
        let Ok(text) = self.world.read(&file) else {
            return match summed {
                None => Err(Fatal(format!(
                    "go: {path}@{version} (replaced by {}): reading {}: open {}: no such file or directory",
                    file.parent().unwrap_or(&file).display(),
                    file.display(),
                    file.display()
                ))),
                Some((path, version)) => {
                    Err(Fatal(format!("go: {path}@{version}: {}", self.not_cached(&path, &version))))
                }
            };
        };
        gomod::parse(&text, false).map_err(|mistakes| {
            let shown = file.display().to_string();
            Fatal(format!(
                "go: {path}@{version}: parsing go.mod:\n{}",
                show_mistakes(&mistakes, &shown, &file)
            ))
        })
    }

    fn cached_go_mod(&self, path: &str, version: &str) -> PathBuf {
        let cache = &self.config.mod_cache;
        cache.join("cache/download").join(escape(path)).join("@v").join(format!("{}.mod", escape(version)))
    }

    /// The directory of a selected module.
    pub fn source(&self, path: &str, version: &str) -> Result<Source, FetchError> {
        let (mut path, mut version) = (path.to_owned(), version.to_owned());
        if let Some(replace) = self.main.go_mod.replacement(&path, &version) {
            let Some(new_version) = &replace.new_version else {
                let dir = crate::base::world::clean_path(&self.main.dir.join(&replace.new_path));
                if !self.world.is_dir(&dir) {
                    return Err(FetchError::Other(format!(
                        "{path}@{version}: replacement directory {} does not exist",
                        replace.new_path
                    )));
                }
                return Ok(Source { dir, local: true });
            };
            (path, version) = (replace.new_path.clone(), new_version.clone());
        }
        if self.mode != ModMode::Mod && self.sums.module(&path, &version).is_none() {
            return Err(FetchError::MissingSum);
        }
        let dir = self.config.mod_cache.join(format!("{}@{}", escape(&path), escape(&version)));
        if !self.world.is_dir(&dir) {
            return Err(FetchError::Other(self.not_cached(&path, &version)));
        }
        Ok(Source { dir, local: false })
    }

    fn not_cached(&self, path: &str, version: &str) -> String {
        match self.config.proxy.as_str() {
            "off" => "module lookup disabled by GOPROXY=off".to_owned(),
            _ => {
                let file = format!("{}@{version}", escape(path));
                format!(
                    "{} is missing: modules are not downloaded yet",
                    self.config.mod_cache.join(file).display()
                )
            }
        }
    }
}

fn raise(selected: &mut Selected, path: &str, version: &str) {
    match selected.get_mut(path) {
        Some(have) => {
            if compare_semver(have, version).is_lt() {
                *have = version.to_owned();
            }
        }
        None => {
            selected.insert(path.to_owned(), version.to_owned());
        }
    }
}
