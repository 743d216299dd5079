//! Patterns to a package graph: read directories in parallel, then link them in go's order.
//!
//! Reading has no order, so it runs on all threads; errors have one (the depth-first walk over sorted imports that go makes),
//! so linking is a second, sequential pass over what was read.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rayon::prelude::*;

use crate::base::World;
use crate::base::world::clean_path;
use crate::overlay;
use crate::syntax::Place;

use super::config::{Config, Facts};
use super::dir::{DirError, DirPackage, DirReader};
use super::embed;
use super::error::{Fatal, os_words, short_path};
use super::package::{EmbedSet, Graph, LoadError, Package, PackageId};
use super::pattern::{Expander, Match};
use super::resolve::{Found, ResolveError, Resolver, is_local};
use super::roots;
use super::select::Selection;
use super::shelf::Shelved;
use super::version::language;

/// What a command links without importing it.
const LINKER_NEEDS: &[&str] = &["runtime"];

const FROM_FILES: &str = "command-line-arguments";

/// Loads the packages that `patterns` name, and all they need. No patterns mean `.`.
pub fn load(
    config: &Config,
    patterns: &[String],
    world: &dyn World,
    facts: &dyn Facts,
) -> Result<Graph, Fatal> {
    let main = roots::load_main(world, config, patterns)?;
    let resolver = Resolver::new(world, config, main)?;
    let selection = Selection::new(config);
    let mut loader =
        Loader { config, world, facts, resolver: &resolver, selection: &selection, read: HashMap::new() };

    if let Some(files) = files_named(world, patterns) {
        return loader.load_files(files?);
    }
    let expander = Expander { world, facts, resolver: &resolver, selection: &selection };
    let mut matches = expander.expand(patterns)?;
    loader.read_all(matches.iter().flat_map(|m| m.packages.clone()).collect());
    for m in matches.iter_mut().filter(|m| m.pattern == "all") {
        m.packages = loader.everything_read();
    }
    if config.tests {
        loader.read_tests(&matches.iter().flat_map(|m| m.packages.clone()).collect::<Vec<_>>());
    }
    let mut linker = Linker::new(&loader);
    linker.matches(&matches);
    linker.tests();
    Ok(linker.finish(resolver.main.as_ref().map(|main| main.module.clone())))
}

/// The files, if the patterns are Go files and not packages.
fn files_named(world: &dyn World, patterns: &[String]) -> Option<Result<(PathBuf, Vec<String>), Fatal>> {
    let is_file = |p: &String| p.ends_with(".go") && world.is_file(&world.cwd().join(p));
    if !patterns.iter().any(is_file) {
        return None;
    }
    Some(named_files(world, patterns))
}

fn named_files(world: &dyn World, patterns: &[String]) -> Result<(PathBuf, Vec<String>), Fatal> {
    if let Some(other) = patterns.iter().find(|p| !p.ends_with(".go")) {
        return Err(Fatal(format!("named files must be .go files: {other}")));
    }
    let mut dir: Option<PathBuf> = None;
    let mut names = Vec::new();
    for pattern in patterns {
        let stat = world.stat(&world.cwd().join(pattern));
        let stat = stat.map_err(|e| Fatal(format!("stat {pattern}: {}", os_words(&e))))?;
        if stat.is_dir() {
            return Err(Fatal(format!("{pattern} is a directory, should be a Go file")));
        }
        let path = clean_path(Path::new(pattern));
        let parent = match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent.to_path_buf(),
            _ => PathBuf::from("."),
        };
        match &dir {
            Some(first) if *first != parent => {
                return Err(Fatal(format!(
                    "named files must all be in one directory; have {} and {}",
                    first.display(),
                    parent.display()
                )));
            }
            _ => dir = Some(parent),
        }
        names.push(path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned()));
    }
    let dir = clean_path(&world.cwd().join(dir.unwrap_or_default()));
    names.sort();
    names.dedup();
    Ok((dir, names))
}

/// What is known of one import path.
pub(super) struct Read {
    pub(super) found: Result<Found, ResolveError>,
    pub(super) package: DirPackage,
}

pub(super) struct Loader<'a> {
    pub(super) config: &'a Config,
    world: &'a dyn World,
    facts: &'a dyn Facts,
    resolver: &'a Resolver<'a>,
    selection: &'a Selection,
    pub(super) read: HashMap<String, Arc<Read>>,
}

impl Loader<'_> {
    /// Reads the packages and all they import, a generation at a time.
    pub(super) fn read_all(&mut self, first: Vec<String>) {
        let mut wanted: BTreeMap<String, Option<String>> =
            first.into_iter().map(|path| (path, None)).collect();
        while !wanted.is_empty() {
            let this: &Loader<'_> = self;
            let done: Vec<(String, Read)> = std::mem::take(&mut wanted)
                .into_par_iter()
                .filter(|(path, _)| !this.read.contains_key(path))
                .map(|(path, importer)| {
                    let read = this.read_one(&path, importer.as_deref());
                    (path, read)
                })
                .collect();
            for (path, read) in done {
                let standard = read.found.as_ref().is_ok_and(|found| found.standard);
                for import in self.needs(&read.package) {
                    let import = self.meant(&path, standard, &import);
                    if !self.read.contains_key(&import) {
                        wanted.entry(import).or_insert_with(|| Some(path.clone()));
                    }
                }
                self.read.insert(path, Arc::new(read));
            }
        }
    }

    fn needs(&self, package: &DirPackage) -> Vec<String> {
        let mut needs: Vec<String> = package.imports.keys().filter(|path| *path != "C").cloned().collect();
        if package.name == "main" || self.config.objects {
            needs.extend(LINKER_NEEDS.iter().map(|&path| path.to_owned()));
        }
        needs
    }

    /// The path an import means: the standard library has a vendor directory.
    pub(super) fn meant(&self, importer: &str, standard: bool, path: &str) -> String {
        let vendored = if standard { self.resolver.std_vendored(importer, path) } else { None };
        vendored.unwrap_or_else(|| path.to_owned())
    }

    fn read_one(&self, path: &str, importer: Option<&str>) -> Read {
        // The shelf has no test files, which count in what is named.
        let may_shelve = self.config.overlay
            && !(self.config.tests && importer.is_none())
            && !path.split('/').next().is_some_and(|first| first.contains('.'))
            && self.resolver.main.as_ref().is_none_or(|main| !main.dir.starts_with(&self.config.goroot));
        if may_shelve && let Some(shelved) = self.facts.shelved(path) {
            let found = self.resolver.standard(self.resolver.std_dir().join(path));
            let package = shelved.package(&found.dir, self.world);
            return Read { found: Ok(found), package };
        }
        let read = self.read_from_disk(path, importer);
        if may_shelve
            && let Ok(found) = &read.found
            && found.standard
            && let Some(shelved) = Shelved::of(&read.package)
        {
            let looked = self.reader(path, true, None, |reader| reader.looked_at(&found.dir));
            self.facts.shelve(path, &found.dir, &looked, shelved);
        }
        read
    }

    fn read_from_disk(&self, path: &str, importer: Option<&str>) -> Read {
        let found = self.resolver.find(path, importer);
        let package = match &found {
            Ok(found) => self.read_dir(path, &found.dir, found.standard, None),
            Err(_) => DirPackage::default(),
        };
        Read { found, package }
    }

    fn read_dir(&self, path: &str, dir: &Path, standard: bool, only: Option<&[String]>) -> DirPackage {
        self.reader(path, standard, only, |reader| reader.read(dir))
    }

    /// What reads the directory of `path`.
    fn reader<R>(
        &self,
        path: &str,
        standard: bool,
        only: Option<&[String]>,
        f: impl FnOnce(DirReader<'_>) -> R,
    ) -> R {
        let rules = overlay::rules(path).filter(|_| standard && self.config.overlay);
        let with_rules = rules.map(|rules| self.selection.with_rules(rules));
        let selection = with_rules.as_ref().unwrap_or(self.selection);
        let no_tests = standard && self.config.overlay && !self.config.tests;
        f(DirReader { world: self.world, facts: self.facts, selection, rules, no_tests, only })
    }

    /// The pattern `all`: the main module's packages and all below them.
    fn everything_read(&self) -> Vec<String> {
        let all: BTreeSet<&String> = self.read.keys().collect();
        all.into_iter().cloned().collect()
    }

    fn load_files(&mut self, (dir, names): (PathBuf, Vec<String>)) -> Result<Graph, Fatal> {
        let package = self.read_dir(FROM_FILES, &dir, false, Some(&names));
        let module = self.resolver.main.as_ref().filter(|main| dir.starts_with(&main.dir));
        let go_version = match module {
            Some(main) => language(main.go_mod.go_or_default()),
            None => language(super::version::GO_RELEASE),
        };
        let found =
            Found { dir, standard: false, module: module.map(|main| main.module.clone()), go_version };
        self.read_all(self.needs(&package));
        self.read.insert(FROM_FILES.to_owned(), Arc::new(Read { found: Ok(found), package }));
        if self.config.tests {
            self.read_tests(&[FROM_FILES.to_owned()]);
        }
        let mut linker = Linker::new(self);
        linker.files(&names);
        linker.tests();
        Ok(linker.finish(self.resolver.main.as_ref().map(|main| main.module.clone())))
    }
}

pub(super) type Stack = Vec<(String, Option<String>)>;

/// A package while its imports are being linked.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Open,
    Done,
}

pub(super) struct Linker<'a> {
    pub(super) loader: &'a Loader<'a>,
    /// In the order they were met; `order` is the order they were completed.
    pub(super) packages: Vec<Package>,
    states: Vec<State>,
    by_path: HashMap<String, usize>,
    by_folded_path: HashMap<String, String>,
    order: Vec<usize>,
    pub(super) roots: Vec<usize>,
    /// What the test programs import, by path.
    pub(super) test_support: BTreeMap<String, PackageId>,
    warnings: Vec<String>,
}

impl<'a> Linker<'a> {
    fn new(loader: &'a Loader<'a>) -> Linker<'a> {
        Linker {
            loader,
            packages: Vec::new(),
            states: Vec::new(),
            by_path: HashMap::new(),
            by_folded_path: HashMap::new(),
            order: Vec::new(),
            roots: Vec::new(),
            test_support: BTreeMap::new(),
            warnings: Vec::new(),
        }
    }

    fn matches(&mut self, matches: &[Match]) {
        for m in matches {
            for path in &m.packages {
                let (id, _) = self.import(path, None, &mut Vec::new(), &[]);
                if !self.packages[id].matches.contains(&m.pattern) {
                    self.packages[id].matches.push(m.pattern.clone());
                }
                if !self.roots.contains(&id) {
                    self.roots.push(id);
                }
            }
            for text in &m.errors {
                let id = self.add(Package {
                    import_path: m.pattern.clone(),
                    matches: vec![m.pattern.clone()],
                    incomplete: true,
                    error: Some(LoadError { text: text.clone(), ..LoadError::default() }),
                    ..Package::default()
                });
                self.close(id);
                self.roots.push(id);
            }
            if m.packages.is_empty() && m.errors.is_empty() {
                self.warnings.push(format!("go: warning: \"{}\" matched no packages", m.pattern));
            }
        }
        if self.loader.config.main_only {
            self.keep_mains(matches);
        }
    }

    /// Libraries that only a wildcard named are passed over; one named by itself is an error.
    fn keep_mains(&mut self, matches: &[Match]) {
        let literal: BTreeSet<&str> =
            matches.iter().filter(|m| m.is_literal()).flat_map(|m| &m.packages).map(String::as_str).collect();
        let mut treated = BTreeSet::new();
        let mut kept = Vec::new();
        for &id in &self.roots {
            let package = &mut self.packages[id];
            let is_main = package.name == "main" || (package.name.is_empty() && package.error.is_some());
            let broken = !package.invalid_files.is_empty();
            if !is_main && !broken && !literal.contains(package.import_path.as_str()) {
                continue;
            }
            treated.insert(package.import_path.clone());
            kept.push(id);
            if !is_main && package.error.is_none() {
                not_main(package);
            }
        }
        for m in matches.iter().filter(|m| !m.is_literal() && !m.packages.is_empty()) {
            if !m.packages.iter().any(|path| treated.contains(path)) {
                self.warnings.push(format!("go: warning: \"{}\" matched only non-main packages", m.pattern));
            }
        }
        self.roots = kept;
    }

    fn files(&mut self, names: &[String]) {
        let id = self.import(FROM_FILES, None, &mut Vec::new(), &[]).0;
        let package = &mut self.packages[id];
        package.from_files = true;
        package.matches = names.to_vec();
        if self.loader.config.main_only && package.name != "main" && package.error.is_none() {
            not_main(package);
        }
        self.roots.push(id);
    }

    fn add(&mut self, package: Package) -> usize {
        self.packages.push(package);
        self.states.push(State::Open);
        self.packages.len() - 1
    }

    fn close(&mut self, id: usize) {
        self.states[id] = State::Done;
        self.order.push(id);
    }

    /// The package of `path`, and what is wrong with this particular import of it.
    pub(super) fn import(
        &mut self,
        path: &str,
        parent: Option<usize>,
        stack: &mut Stack,
        at: &[(String, Place)],
    ) -> (usize, Option<LoadError>) {
        let id = match self.by_path.get(path) {
            Some(&id) => {
                stack.push((path.to_owned(), self.first_place(parent, at)));
                self.reuse(id, stack);
                stack.pop();
                id
            }
            None => self.link(path, parent, stack, at),
        };
        let Some(parent) = parent else { return (id, None) };
        let error = self.forbidden(path, id, parent, stack).map(|mut error| {
            if let Some(pos) = self.first_place(Some(parent), at) {
                error.pos = pos;
            }
            error
        });
        (id, error)
    }

    /// Where the first import is, as messages show it.
    fn first_place(&self, importer: Option<usize>, at: &[(String, Place)]) -> Option<String> {
        let (file, place) = at.first()?;
        let dir = &self.packages[importer?].dir;
        let shown = short_path(&self.loader.world.cwd(), &dir.join(file));
        Some(format!("{}:{}:{}", shown.display(), place.line, place.column))
    }

    fn reuse(&mut self, id: usize, stack: &Stack) {
        let package = &mut self.packages[id];
        if self.states[id] == State::Open {
            let error = package.error.get_or_insert_with(|| LoadError {
                stack: stack.clone(),
                text: "import cycle not allowed".to_owned(),
                ..LoadError::default()
            });
            error.is_cycle = true;
            package.incomplete = true;
        }
        // The shortest way to a package is the one to show, but a cycle's way is the cycle.
        if let Some(error) = &mut package.error
            && !error.stack.is_empty()
            && !error.is_cycle
            && is_shorter(stack, &error.stack)
        {
            error.stack = stack.clone();
        }
    }

    fn link(
        &mut self,
        path: &str,
        parent: Option<usize>,
        stack: &mut Stack,
        at: &[(String, Place)],
    ) -> usize {
        let read = self.loader.read.get(path).cloned();
        let read = read.expect("read_all() reads every path that an import can mean");
        let package = &read.package;
        let mut new = Package {
            import_path: path.to_owned(),
            dir: package.dir.clone(),
            name: package.name.clone(),
            files: package.files.clone(),
            ignored_files: package.ignored.clone(),
            invalid_files: package.invalid.clone(),
            test_files: package.tests.names(),
            xtest_files: package.xtests.names(),
            cgo_files: package.cgo.clone(),
            asm_files: package.asm.clone(),
            other_files: package.other.clone(),
            ..Package::default()
        };
        let importer_place = self.first_place(parent, at);
        // Told of this package by whoever imports it.
        let told_by_importer = |text: String, names_path: bool| LoadError {
            stack: stack.clone(),
            pos: importer_place.clone().unwrap_or_default(),
            text,
            import_path: names_path.then(|| path.to_owned()),
            ..LoadError::default()
        };
        let with_self = |stack: &Stack| {
            let mut stack = stack.clone();
            stack.push((path.to_owned(), importer_place.clone()));
            stack
        };
        match &read.found {
            Err(_) if path.contains('@') && parent.is_some() => {
                let text =
                    "can only use path@version syntax with 'go get' and 'go install' in module-aware mode";
                new.error = Some(LoadError {
                    stack: with_self(stack),
                    text: text.to_owned(),
                    ..LoadError::default()
                });
                new.incomplete = true;
            }
            Err(error) => {
                new.error = Some(told_by_importer(error.text.clone(), error.names_path));
                new.incomplete = true;
            }
            Ok(found) => {
                new.standard = found.standard;
                new.module = found.module.clone();
                new.go_version = found.go_version.clone();
                new.error = package.error.as_ref().map(|error| match error {
                    DirError::NoGo => LoadError {
                        stack: with_self(stack),
                        text: package.no_go_text(),
                        ..LoadError::default()
                    },
                    DirError::At { pos, text } => LoadError {
                        stack: with_self(stack),
                        pos: pos.clone(),
                        text: text.clone(),
                        ..LoadError::default()
                    },
                    DirError::Other(text) => told_by_importer(text.clone(), false),
                });
                new.incomplete = new.error.is_some();
            }
        }
        let folded = path.to_lowercase();
        let other = self.by_folded_path.entry(folded).or_insert_with(|| path.to_owned()).clone();
        if other != path && new.error.is_none() {
            let text = format!("case-insensitive import collision: {path:?} and {other:?}");
            new.error = Some(told_by_importer(text, true));
            new.incomplete = true;
        }
        let id = self.add(new);
        self.by_path.insert(path.to_owned(), id);
        if other == path {
            stack.push((path.to_owned(), importer_place));
            self.embeds(id, package, stack);
            self.imports(id, package, stack);
            stack.pop();
        }
        self.close(id);
        id
    }

    fn embeds(&mut self, id: usize, package: &DirPackage, stack: &Stack) {
        let (set, error) = self.embedded(&package.dir, &package.embeds, stack);
        self.packages[id].embeds = set;
        if let Some(error) = error {
            self.packages[id].error.get_or_insert(error);
            self.packages[id].incomplete = true;
        }
    }

    /// The files of the patterns, up to the first that names none.
    pub(super) fn embedded(
        &self,
        dir: &Path,
        patterns: &[(String, String)],
        stack: &Stack,
    ) -> (EmbedSet, Option<LoadError>) {
        let mut set = EmbedSet::default();
        for (pattern, pos) in patterns {
            match embed::resolve(self.loader.world, dir, pattern) {
                Ok(files) => {
                    set.patterns.insert(pattern.clone(), files);
                }
                Err(text) => {
                    let (stack, pos) = (stack.clone(), pos.clone());
                    let text = format!("pattern {pattern}: {text}");
                    return (set, Some(LoadError { stack, pos, text, ..LoadError::default() }));
                }
            }
        }
        (set, None)
    }

    fn imports(&mut self, id: usize, package: &DirPackage, stack: &mut Stack) {
        let standard = self.packages[id].standard;
        let importer = self.packages[id].import_path.clone();
        let written = package.imports.iter().filter(|(path, _)| *path != "C");
        let mut todo: Vec<(String, &[(String, Place)], bool)> =
            written.map(|(path, at)| (path.clone(), &at[..], true)).collect();
        if package.name == "main" || self.loader.config.objects && !standard {
            let more = LINKER_NEEDS.iter().filter(|path| !package.imports.contains_key(**path));
            todo.extend(more.map(|&path| (path.to_owned(), &[][..], false)));
        }
        for (path, at, is_written) in todo {
            let meant = self.loader.meant(&importer, standard, &path);
            let (dep, error) = self.import(&meant, Some(id), stack, at);
            let incomplete = self.packages[dep].incomplete;
            let package = &mut self.packages[id];
            package.incomplete |= incomplete;
            if let Some(error) = error {
                package.incomplete = true;
                package.error.get_or_insert(error);
            }
            // Indices are those of `packages` until `finish`.
            if is_written {
                package.imports.insert(path, PackageId(dep));
            } else {
                package.implicit.push(PackageId(dep));
            }
        }
    }

    /// Rules on who may import what.
    fn forbidden(&self, path: &str, id: usize, parent: usize, stack: &Stack) -> Option<LoadError> {
        let (package, importer) = (&self.packages[id], &self.packages[parent]);
        let error = |text: String| LoadError {
            stack: stack.clone(),
            text,
            import_path: Some(path.to_owned()),
            ..LoadError::default()
        };
        if package.error.is_none() && !self.internal_allowed(package, importer) {
            let text = format!("use of internal package {} not allowed", package.import_path);
            return Some(LoadError { always_stack: true, ..error(text) });
        }
        if !importer.standard
            && let Some(i) = vendor_index(path)
        {
            let below = path.len() - i;
            let whole = package.dir.display().to_string();
            let tree = whole[..whole.len().saturating_sub(below)].trim_end_matches('/');
            if !tree.is_empty() && !importer.dir.starts_with(tree) {
                return Some(LoadError {
                    import_path: None,
                    ..error("use of vendored package not allowed".to_owned())
                });
            }
            let meant = &path[i + "vendor/".len()..];
            return Some(error(format!("{path} must be imported as {meant}")));
        }
        if package.name == "main" && importer.dir != package.dir {
            return Some(error(format!("import {path:?} is a program, not an importable package")));
        }
        if is_local(path) {
            return Some(error(match path {
                "." => format!("{path}: cannot import current directory"),
                _ => format!("local import {path:?} in non-local package"),
            }));
        }
        None
    }

    fn internal_allowed(&self, package: &Package, importer: &Package) -> bool {
        let path = package.import_path.as_str();
        let Some(index) = internal_index(path) else { return true };
        let parent_of_internal = path[..index].trim_end_matches('/');
        let importer_path = importer.import_path.as_str();
        // crypto/internal/fips140 may come from a snapshot elsewhere, so paths decide, not directories.
        if has_prefix(importer_path, "crypto") && has_prefix(path, "crypto/internal/fips140") {
            return true;
        }
        if has_prefix(importer_path, "crypto/internal/fips140") {
            return has_prefix(path, "crypto/internal");
        }
        if package.module.is_none() {
            let whole = package.dir.display().to_string();
            let below = path.len() - index;
            let tree = whole[..whole.len().saturating_sub(below)].trim_end_matches('/').to_owned();
            let real = |path: &Path| self.loader.world.real_path(path);
            return importer.dir.starts_with(&tree)
                || real(&importer.dir).starts_with(real(Path::new(&tree)));
        }
        let stand_in;
        let importer_path = if importer_path == FROM_FILES {
            // Files named on the command line count as the package of their directory.
            stand_in = match &self.loader.resolver.main {
                Some(main) => match importer.dir.strip_prefix(&main.dir) {
                    Ok(relative) if relative.as_os_str().is_empty() => main.module.path.clone(),
                    Ok(relative) => format!("{}/{}", main.module.path, relative.display()),
                    Err(_) => ".".to_owned(),
                },
                None => ".".to_owned(),
            };
            stand_in.as_str()
        } else {
            importer_path
        };
        has_prefix(importer_path, parent_of_internal)
    }

    /// Renumbers the packages in the order of completion.
    fn finish(self, main_module: Option<Arc<super::Module>>) -> Graph {
        let Linker { packages, order, roots, warnings, mut test_support, .. } = self;
        let mut place = vec![0; packages.len()];
        for (new, &old) in order.iter().enumerate() {
            place[old] = new;
        }
        // A package that only a dropped root needed is dropped as well.
        let mut needed = vec![false; packages.len()];
        let mut queue = roots.clone();
        queue.extend(test_support.values().map(|id| id.0));
        while let Some(id) = queue.pop() {
            if !std::mem::replace(&mut needed[id], true) {
                let package = &packages[id];
                let tests = package.tests.imports.values().chain(package.xtests.imports.values());
                queue.extend(package.imports.values().chain(&package.implicit).chain(tests).map(|id| id.0));
            }
        }
        let kept: Vec<usize> = order.into_iter().filter(|&id| needed[id]).collect();
        for (new, &old) in kept.iter().enumerate() {
            place[old] = new;
        }
        let mut slots: Vec<Option<Package>> = packages.into_iter().map(Some).collect();
        let mut graph = Graph { warnings, main_module, ..Graph::default() };
        for &old in &kept {
            let mut package = slots[old].take().expect("each package is completed once");
            let tests = package.tests.imports.values_mut().chain(package.xtests.imports.values_mut());
            for id in package.imports.values_mut().chain(&mut package.implicit).chain(tests) {
                id.0 = place[id.0];
            }
            package.dep_only = !roots.contains(&old);
            graph.packages.push(package);
        }
        test_support.values_mut().for_each(|id| id.0 = place[id.0]);
        graph.test_support = test_support;
        graph.roots = roots.into_iter().map(|old| PackageId(place[old])).collect();
        graph
    }
}

fn not_main(package: &mut Package) {
    let text = format!("package {} is not a main package", package.import_path);
    package.error = Some(LoadError { text, ..LoadError::default() });
    package.incomplete = true;
}

fn is_shorter(a: &Stack, b: &Stack) -> bool {
    let paths = |stack: &Stack| stack.iter().map(|(path, _)| path.clone()).collect::<Vec<_>>();
    a.len() < b.len() || (a.len() == b.len() && paths(a) < paths(b))
}

fn has_prefix(path: &str, prefix: &str) -> bool {
    path.strip_prefix(prefix)
        .is_some_and(|rest| prefix.is_empty() || rest.is_empty() || rest.starts_with('/'))
}

/// Where the last element `internal` is.
fn internal_index(path: &str) -> Option<usize> {
    if path == "internal" || (path.starts_with("internal/") && !path.contains("/internal")) {
        return Some(0);
    }
    if path.ends_with("/internal") {
        return Some(path.len() - "internal".len());
    }
    path.rfind("/internal/").map(|i| i + 1)
}

fn vendor_index(path: &str) -> Option<usize> {
    match path.rfind("/vendor/") {
        Some(i) => Some(i + 1),
        None => path.starts_with("vendor/").then_some(0),
    }
}
