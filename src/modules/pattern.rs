//! What the command line names, to import paths.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::base::World;
use crate::base::world::{FileKind, clean_path};

use super::config::Facts;
use super::dir::{DirError, DirReader};
use super::error::{Fatal, os_words};
use super::matching::{path_matches, tree_can_match};
use super::resolve::{Resolver, is_local};
use super::roots::NO_MODULE;
use super::select::Selection;

/// One pattern and what it stands for.
#[derive(Clone, Debug)]
pub(super) struct Match {
    pub pattern: String,
    pub packages: Vec<String>,
    pub errors: Vec<String>,
}

impl Match {
    /// It names one package, whether or not that exists.
    pub fn is_literal(&self) -> bool {
        !self.pattern.contains("...")
            && !matches!(self.pattern.as_str(), "all" | "std" | "cmd" | "work" | "tool")
    }
}

pub(super) struct Expander<'a> {
    pub world: &'a dyn World,
    pub facts: &'a dyn Facts,
    pub resolver: &'a Resolver<'a>,
    pub selection: &'a Selection,
}

impl Expander<'_> {
    pub fn expand(&self, patterns: &[String]) -> Result<Vec<Match>, Fatal> {
        let here = [".".to_owned()];
        let patterns = if patterns.is_empty() { &here[..] } else { patterns };
        patterns.iter().map(|pattern| self.one(&clean_pattern(pattern))).collect()
    }

    fn one(&self, pattern: &str) -> Result<Match, Fatal> {
        let mut out = Match { pattern: pattern.to_owned(), packages: Vec::new(), errors: Vec::new() };
        if is_local(pattern) || pattern.starts_with('/') {
            self.local(&mut out)?;
        } else if pattern == "std" || pattern == "cmd" {
            let mut packages = BTreeSet::new();
            self.walk_std(pattern == "cmd", &|_| true, &|_| true, &mut packages);
            out.packages = packages.into_iter().collect();
        } else if pattern == "all" || pattern == "work" {
            self.all(&mut out)?;
        } else if pattern.contains("...") {
            self.import_paths(&mut out)?;
        } else if pattern == "tool" {
            out.packages = self.resolver.main.iter().flat_map(|main| main.go_mod.tools.clone()).collect();
        } else {
            out.packages.push(pattern.to_owned());
        }
        Ok(out)
    }

    /// Patterns that begin with `.` or `/`: directories.
    fn local(&self, out: &mut Match) -> Result<(), Fatal> {
        let cwd = self.world.cwd();
        let pattern = out.pattern.clone();
        let Some(wild) = pattern.find("...") else {
            match self.package_of(&clean_path(&cwd.join(&pattern))) {
                Ok(path) => out.packages.push(path),
                Err(_) if self.resolver.main.is_none() => return Err(Fatal(format!("go: {NO_MODULE}"))),
                Err(text) => out.errors.push(text),
            }
            return Ok(());
        };
        let base = match pattern[..wild].rfind('/') {
            Some(slash) => &pattern[..=slash],
            None => ".",
        };
        let shown_base = clean_path(Path::new(base));
        let dir = clean_path(&cwd.join(base));
        if let Err(text) = self.inside_module(&dir, &shown_base, &pattern) {
            out.errors.push(text);
            return Ok(());
        }
        let mut dirs = Vec::new();
        let prefix = match pattern.starts_with("./") && shown_base != Path::new(".") {
            true => "./",
            false => "",
        };
        self.walk(&dir, true, &mut |found| {
            let relative = found.strip_prefix(&dir).unwrap_or(found);
            let name = match (shown_base == Path::new("."), relative.as_os_str().is_empty()) {
                (true, true) => ".".to_owned(),
                (true, false) => format!("./{}", relative.display()),
                (false, true) => format!("{prefix}{}", shown_base.display()),
                (false, false) => format!("{prefix}{}/{}", shown_base.display(), relative.display()),
            };
            if path_matches(&pattern, &name) && self.has_package(found) {
                dirs.push(found.to_path_buf());
            }
        });
        for dir in dirs {
            match self.package_of(&dir) {
                Ok(path) => out.packages.push(path),
                Err(text) => out.errors.push(text),
            }
        }
        Ok(())
    }

    fn inside_module(&self, dir: &Path, shown: &Path, pattern: &str) -> Result<(), String> {
        if !self.world.is_dir(dir) {
            return Err(format!(
                "pattern {pattern}: lstat {}: no such file or directory",
                dir_with_slash(shown)
            ));
        }
        if dir.starts_with(self.resolver.std_dir()) {
            return Ok(());
        }
        match &self.resolver.main {
            Some(main) if dir.starts_with(&main.dir) => Ok(()),
            _ => Err(format!(
                "pattern {pattern}: directory prefix {} does not contain main module or its selected dependencies",
                shown.display()
            )),
        }
    }

    /// The import path of a directory.
    fn package_of(&self, dir: &Path) -> Result<String, String> {
        if let Err(e) = self.world.stat(dir) {
            let words = match e.kind() {
                std::io::ErrorKind::NotFound => "directory not found".to_owned(),
                _ => os_words(&e),
            };
            return Err(format!("stat {}: {words}", dir.display()));
        }
        let read = self.reader().read(dir);
        if let (Some(DirError::NoGo), true) = (&read.error, read.ignored.is_empty()) {
            return Err(read.no_go_text_for_pattern());
        }
        if let Some(main) = &self.resolver.main {
            if dir == main.dir {
                return Ok(main.module.path.clone());
            }
            if let Ok(relative) = dir.strip_prefix(&main.dir) {
                let relative = relative.display().to_string();
                if relative.starts_with("vendor/") {
                    return match relative.strip_prefix("vendor/") {
                        Some(path) if self.resolver.mode == super::ModMode::Vendor => Ok(path.to_owned()),
                        _ => Err(format!(
                            "without -mod=vendor, directory {} has no package path",
                            dir.display()
                        )),
                    };
                }
                let path = format!("{}/{relative}", main.module.path);
                if self.resolver.find_in_main(&path).is_some() {
                    return Ok(path);
                }
                self.resolver.go_files(dir)?;
                if !dir.starts_with(self.resolver.std_dir()) {
                    return Err(format!(
                        "main module ({}) does not contain package {path}",
                        main.module.path
                    ));
                }
            }
        }
        if let Ok(relative) = dir.strip_prefix(self.resolver.std_dir()) {
            return Ok(relative.display().to_string());
        }
        let cwd = self.world.cwd();
        let shown = super::error::short_path(&cwd, dir);
        Err(match &self.resolver.main {
            None => NO_MODULE.to_owned(),
            Some(_) => {
                format!("directory {} outside main module or its selected dependencies", shown.display())
            }
        })
    }

    fn reader(&self) -> DirReader<'_> {
        DirReader {
            world: self.world,
            facts: self.facts,
            selection: self.selection,
            rules: None,
            no_tests: false,
            only: None,
        }
    }

    /// Whether a pattern should name the directory: broken files count, ignored ones do not.
    fn has_package(&self, dir: &Path) -> bool {
        let read = self.reader().read(dir);
        read.error.is_none() || !read.invalid.is_empty()
    }

    fn walk(&self, dir: &Path, stop_at_modules: bool, visit: &mut dyn FnMut(&Path)) {
        visit(dir);
        for entry in self.world.read_dir(dir).unwrap_or_default() {
            let name = entry.name.as_str();
            let skipped = name.starts_with(['.', '_']) || name == "testdata";
            if entry.kind != FileKind::Dir || skipped {
                continue;
            }
            let below = dir.join(name);
            if stop_at_modules && self.world.is_file(&below.join("go.mod")) {
                continue;
            }
            if self.is_ignored(&below) {
                continue;
            }
            self.walk(&below, stop_at_modules, visit);
        }
    }

    /// go.mod's `ignore` directives.
    fn is_ignored(&self, dir: &Path) -> bool {
        let Some(main) = self.resolver.main.as_ref().filter(|main| !main.go_mod.ignores.is_empty()) else {
            return false;
        };
        let Ok(relative) = dir.strip_prefix(&main.dir) else { return false };
        let relative = format!("/{}/", relative.display());
        main.go_mod.ignores.iter().any(|pattern| match pattern.strip_prefix("./") {
            Some(rooted) => relative.starts_with(&format!("/{}/", rooted.trim_matches('/'))),
            None => relative.contains(&format!("/{}/", pattern.trim_matches('/'))),
        })
    }

    fn walk_std(
        &self,
        only_cmd: bool,
        is_match: &dyn Fn(&str) -> bool,
        can_match: &dyn Fn(&str) -> bool,
        out: &mut BTreeSet<String>,
    ) {
        let root = self.resolver.std_dir();
        let start = if only_cmd { root.join("cmd") } else { root.clone() };
        let mut dirs: Vec<PathBuf> = Vec::new();
        self.walk(&start, true, &mut |dir| dirs.push(dir.to_path_buf()));
        for dir in dirs {
            let Ok(relative) = dir.strip_prefix(&root) else { continue };
            let name = relative.display().to_string();
            // `builtin` documents, `runtime/cgo` needs cgo; `cmd` is not part of `std`.
            let skipped = name.is_empty() || name == "builtin" || name == "runtime/cgo";
            if skipped || !can_match(&name) || !is_match(&name) {
                continue;
            }
            if self.has_package(&dir) {
                out.insert(name);
            }
        }
    }

    /// `x/...` over import paths: the main module, its dependencies, the standard library.
    fn import_paths(&self, out: &mut Match) -> Result<(), Fatal> {
        let pattern = out.pattern.clone();
        let is_match = |name: &str| path_matches(&pattern, name);
        let can_match = |name: &str| tree_can_match(&pattern, name);
        let mut packages = BTreeSet::new();
        if !pattern.split('/').next().is_some_and(|first| first.contains('.') && !first.contains("...")) {
            self.walk_std(false, &is_match, &can_match, &mut packages);
            if can_match("cmd") {
                self.walk_std(true, &is_match, &can_match, &mut packages);
            }
        }
        self.walk_main(&is_match, &mut packages);
        match self.resolver.mode {
            super::ModMode::Vendor => {
                packages.extend(self.resolver.vendored_packages().into_iter().filter(|path| is_match(path)));
            }
            _ => {
                for (path, _, source) in self.resolver.build_list()? {
                    if can_match(&path) || path_matches(&pattern, &path) || pattern.starts_with(&path) {
                        self.walk_module(&path, &source.dir, source.local, &is_match, &mut packages);
                    }
                }
            }
        }
        out.packages = packages.into_iter().collect();
        Ok(())
    }

    fn walk_main(&self, is_match: &dyn Fn(&str) -> bool, out: &mut BTreeSet<String>) {
        if let Some(main) = &self.resolver.main {
            self.walk_module(&main.module.path, &main.dir, true, is_match, out);
        }
    }

    fn walk_module(
        &self,
        path: &str,
        root: &Path,
        local: bool,
        is_match: &dyn Fn(&str) -> bool,
        out: &mut BTreeSet<String>,
    ) {
        self.walk(root, local, &mut |dir| {
            let relative = dir.strip_prefix(root).unwrap_or(dir).display().to_string();
            if relative == "vendor" || relative.starts_with("vendor/") || relative.contains("/vendor/") {
                return;
            }
            let name = if relative.is_empty() { path.to_owned() } else { format!("{path}/{relative}") };
            if is_match(&name) && self.has_package(dir) {
                out.insert(name);
            }
        });
    }

    /// The main module's packages; `load` adds what they import.
    fn all(&self, out: &mut Match) -> Result<(), Fatal> {
        if self.resolver.main.is_none() {
            return Err(Fatal(format!("go: {NO_MODULE}")));
        }
        let mut packages = BTreeSet::new();
        self.walk_main(&|_| true, &mut packages);
        out.packages = packages.into_iter().collect();
        Ok(())
    }
}

impl super::dir::DirPackage {
    /// go/build's own words, which do not tell tests from nothing.
    fn no_go_text_for_pattern(&self) -> String {
        format!("no Go files in {}", self.dir.display())
    }
}

/// As go walks it.
fn dir_with_slash(path: &Path) -> String {
    let text = path.display().to_string();
    if text.starts_with(['/', '.']) { format!("{text}/") } else { format!("./{text}/") }
}

/// The canonical form: cleaned, the leading `./` kept.
fn clean_pattern(pattern: &str) -> String {
    if pattern.starts_with('/') {
        return clean_path(Path::new(pattern)).display().to_string();
    }
    let cleaned = clean_path(Path::new(pattern)).display().to_string();
    if pattern.starts_with("./") && cleaned != "." && cleaned != ".." && !cleaned.starts_with("../") {
        return format!("./{cleaned}");
    }
    cleaned
}
