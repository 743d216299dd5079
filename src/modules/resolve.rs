//! Import paths to directories.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock};

use crate::base::World;

use super::config::{Config, ModMode};
use super::error::{Fatal, os_words};
use super::gomod;
use super::graph::{FetchError, ModuleReader, Selected, Source};
use super::package::Module;
use super::roots::{Main, NO_MODULE};
use super::sums::Sums;
use super::vendor::Vendor;
use super::version::{check_import_path, language};

/// Where a package is.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub dir: PathBuf,
    pub standard: bool,
    pub module: Option<Arc<Module>>,
    /// `go1.27`
    pub go_version: String,
}

/// Why a path leads nowhere.
#[derive(Clone, Debug)]
pub(super) struct ResolveError {
    pub text: String,
    /// The text names the path.
    pub names_path: bool,
}

pub(super) struct Resolver<'a> {
    world: &'a dyn World,
    config: &'a Config,
    pub main: Option<Main>,
    pub mode: ModMode,
    sums: Sums,
    vendor: Option<Vendor>,
    roots: Selected,
    all: OnceLock<Result<Selected, Fatal>>,
    modules: Mutex<BTreeMap<String, Arc<Module>>>,
}

/// Paths that stand for many packages, so that no import may have them.
const META: &[&str] = &["all", "cmd", "std", "tool", "work"];

impl<'a> Resolver<'a> {
    pub fn new(world: &'a dyn World, config: &'a Config, main: Option<Main>) -> Result<Resolver<'a>, Fatal> {
        let mut resolver = Resolver {
            world,
            config,
            mode: ModMode::Readonly,
            sums: Sums::default(),
            vendor: None,
            roots: Selected::new(),
            all: OnceLock::new(),
            modules: Mutex::default(),
            main: None,
        };
        let Some(main) = main else {
            resolver.mode = config.mod_mode.unwrap_or(ModMode::Readonly);
            return Ok(resolver);
        };
        let vendor_dir = main.dir.join("vendor");
        let by_default = super::version::compare_go(main.go_mod.go_or_default(), "1.14").is_ge()
            && world.is_dir(&vendor_dir);
        resolver.mode =
            config.mod_mode.unwrap_or(if by_default { ModMode::Vendor } else { ModMode::Readonly });
        if let Ok(text) = world.read(&main.dir.join("go.sum")) {
            resolver.sums = Sums::parse(&text);
        }
        if resolver.mode == ModMode::Vendor {
            let text = world.read(&vendor_dir.join("modules.txt")).unwrap_or_default();
            let vendor = Vendor::parse(&text);
            let disagreements = vendor.disagreements(&main.go_mod);
            if !disagreements.is_empty() {
                return Err(Fatal(format!(
                    "go: inconsistent vendoring in {}:{disagreements}\n\n\tTo ignore the vendor directory, use -mod=readonly or -mod=mod.\n\tTo sync the vendor directory, run:\n\t\tgo mod vendor",
                    main.dir.display()
                )));
            }
            resolver.vendor = Some(vendor);
        }
        resolver.main = Some(main);
        if let Some(reader) = resolver.reader() {
            resolver.roots = reader.roots();
        }
        Ok(resolver)
    }

    fn reader(&self) -> Option<ModuleReader<'_>> {
        let main = self.main.as_ref()?;
        Some(ModuleReader { world: self.world, config: self.config, main, sums: &self.sums, mode: self.mode })
    }

    pub fn std_dir(&self) -> PathBuf {
        self.config.goroot.join("src")
    }

    /// The path that an import in the standard library means: its own vendor directory comes first.
    pub fn std_vendored(&self, importer: &str, path: &str) -> Option<String> {
        // Only paths with a dot in their first element are vendored.
        if !path.split('/').next().is_some_and(|first| first.contains('.')) {
            return None;
        }
        let prefix =
            if importer == "cmd" || importer.starts_with("cmd/") { "cmd/vendor/" } else { "vendor/" };
        let vendored = format!("{prefix}{path}");
        self.world.is_dir(&self.std_dir().join(&vendored)).then_some(vendored)
    }

    /// Finds the one directory that provides `path`. `importer` is for messages.
    pub fn find(&self, path: &str, importer: Option<&str>) -> Result<Found, ResolveError> {
        let plain = |text: String| Err(ResolveError { text, names_path: true });
        if path.contains('@') {
            return plain(format!("import path {path:?} should not have @version"));
        }
        if is_local(path) {
            return plain(format!(
                "{path:?} is relative, but relative import paths are not supported in module mode"
            ));
        }
        if path.starts_with('/') {
            return plain(format!("{path:?} is not a package path; see 'go help packages'"));
        }
        if META.contains(&path) {
            return plain(format!("{path:?} is not an importable package; see 'go help packages'"));
        }
        if let Some(text) = check_import_path(path) {
            return plain(text);
        }
        let is_std = !path.split('/').next().unwrap_or(path).contains('.');
        if is_std {
            let dir = self.std_dir().join(path);
            if self.has_go_files(&dir) {
                return Ok(self.standard(dir));
            }
        }
        match self.mode {
            ModMode::Vendor => self.find_vendored(path, is_std),
            _ => self.find_in_modules(path, importer, is_std),
        }
    }

    /// A package of the standard library in that directory.
    pub fn standard(&self, dir: PathBuf) -> Found {
        let release = super::version::GO_RELEASE;
        Found { dir, standard: true, module: None, go_version: language(release) }
    }

    fn find_vendored(&self, path: &str, is_std: bool) -> Result<Found, ResolveError> {
        if let Some(found) = self.find_in_main(path) {
            return Ok(found);
        }
        let (Some(vendor), Some(main)) = (&self.vendor, &self.main) else {
            return Err(self.missing(path, is_std));
        };
        let dir = main.dir.join("vendor").join(path);
        let Some((module_path, version)) = vendor.packages.get(path).filter(|_| self.has_go_files(&dir))
        else {
            let text = format!(
                "cannot find module providing package {path}: import lookup disabled by -mod=vendor\n\t(Go version in go.mod is at least 1.14 and vendor directory exists.)"
            );
            return Err(if is_std {
                self.missing(path, true)
            } else {
                ResolveError { text, names_path: true }
            });
        };
        let meta = vendor.meta.get(&(module_path.clone(), version.clone())).cloned().unwrap_or_default();
        let go_version = meta.go_version;
        let module = Module {
            path: module_path.clone(),
            version: version.clone(),
            go_version: go_version.clone(),
            replace: meta.replacement,
            sum: self.sums.module(module_path, version).unwrap_or_default().to_owned(),
            ..Module::default()
        };
        let go_version = language(if go_version.is_empty() { "1.16" } else { &go_version });
        Ok(Found { dir, standard: false, module: Some(self.shared(module)), go_version })
    }

    /// One value per module, so that packages of a module share it.
    fn shared(&self, module: Module) -> Arc<Module> {
        let mut modules = self.modules.lock().expect("no thread panics while it holds the modules");
        modules.entry(module.path.clone()).or_insert_with(|| Arc::new(module)).clone()
    }

    pub fn find_in_main(&self, path: &str) -> Option<Found> {
        let main = self.main.as_ref()?;
        let dir = dir_in_module(path, &main.module.path, &main.dir)?;
        // A directory with a go.mod of its own is another module.
        let own =
            dir.ancestors().take_while(|d| *d != main.dir).all(|d| !self.world.is_file(&d.join("go.mod")));
        (own && self.has_go_files(&dir)).then(|| self.in_main(main, dir))
    }

    /// Why the main module's directory of that path shows nothing, if it is there.
    fn unseen(&self, path: &str) -> Option<ResolveError> {
        let main = self.main.as_ref()?;
        let dir = dir_in_module(path, &main.module.path, &main.dir)?;
        let text = self.go_files(&dir).err()?;
        Some(ResolveError { text, names_path: true })
    }

    fn in_main(&self, main: &Main, dir: PathBuf) -> Found {
        let go_version = language(main.go_mod.go_or_default());
        Found { dir, standard: false, module: Some(main.module.clone()), go_version }
    }

    fn find_in_modules(
        &self,
        path: &str,
        importer: Option<&str>,
        is_std: bool,
    ) -> Result<Found, ResolveError> {
        let mut found = Vec::new();
        if let Some(main) = self.find_in_main(path) {
            found.push(main);
        }
        let Some(reader) = self.reader() else { return Err(self.missing(path, is_std)) };
        // A tidy go.mod names every module that is needed, so the whole graph is read only when it does not.
        let mut in_roots = self.find_in(&reader, &self.roots, path, importer, found.clone())?;
        if in_roots.is_empty() && !self.roots.is_empty() {
            let all = self.all.get_or_init(|| reader.all()).as_ref().map_err(|fatal| ResolveError {
                text: fatal.0.strip_prefix("go: ").unwrap_or(&fatal.0).to_owned(),
                names_path: false,
            })?;
            in_roots = self.find_in(&reader, all, path, importer, found)?;
        }
        match in_roots.len() {
            0 => Err(self.unseen(path).unwrap_or_else(|| self.missing(path, is_std))),
            1 => Ok(in_roots.remove(0)),
            _ => Err(self.ambiguous(path, &in_roots)),
        }
    }

    fn find_in(
        &self,
        reader: &ModuleReader<'_>,
        selected: &Selected,
        path: &str,
        importer: Option<&str>,
        mut found: Vec<Found>,
    ) -> Result<Vec<Found>, ResolveError> {
        let mut unsummed = Vec::new();
        let n_main = found.len();
        for prefix in prefixes(path) {
            let Some(version) = selected.get(prefix) else { continue };
            let source = match reader.source(prefix, version) {
                Ok(source) => source,
                Err(FetchError::MissingSum) => {
                    unsummed.push(prefix.to_owned());
                    continue;
                }
                Err(FetchError::Other(text)) => return Err(ResolveError { text, names_path: false }),
            };
            let Some(dir) = dir_in_module(path, prefix, &source.dir) else { continue };
            if self.has_go_files(&dir) {
                let module = self.dependency(reader, prefix, version, &source);
                let go = if module.go_version.is_empty() { "1.16" } else { &module.go_version };
                let go_version = language(go);
                found.push(Found { dir, standard: false, module: Some(module), go_version });
            }
        }
        if !unsummed.is_empty() && found.len() <= 1 {
            return Err(missing_sum(path, importer, &unsummed, !found.is_empty()));
        }
        // From the shortest module path to the longest; the main module stays first.
        found[n_main..].reverse();
        Ok(found)
    }

    fn dependency(
        &self,
        reader: &ModuleReader<'_>,
        path: &str,
        version: &str,
        source: &Source,
    ) -> Arc<Module> {
        let file = source.dir.join("go.mod");
        let go_mod = self.world.read(&file).ok().and_then(|text| gomod::parse(&text, false).ok());
        let replace = reader.main.go_mod.replacement(path, version);
        let (sum_path, sum_version) = match replace {
            Some(r) => (r.new_path.clone(), r.new_version.clone().unwrap_or_default()),
            None => (path.to_owned(), version.to_owned()),
        };
        self.shared(Module {
            path: path.to_owned(),
            version: version.to_owned(),
            dir: source.dir.clone(),
            go_version: go_mod.as_ref().and_then(|m| m.go.clone()).unwrap_or_default(),
            go_mod: go_mod.is_some().then_some(file),
            main: false,
            indirect: reader.main.go_mod.requires.iter().any(|r| r.path == path && r.indirect),
            replace: replace.map(|r| (r.new_path.clone(), r.new_version.clone().unwrap_or_default())),
            sum: self.sums.module(&sum_path, &sum_version).unwrap_or_default().to_owned(),
        })
    }

    /// Every module of the build but the main one, with its directory.
    pub fn build_list(&self) -> Result<Vec<(String, String, Source)>, Fatal> {
        let Some(reader) = self.reader() else { return Ok(Vec::new()) };
        let all = self.all.get_or_init(|| reader.all()).as_ref().map_err(Clone::clone)?;
        let source = |(path, version): (&String, &String)| {
            Some((path.clone(), version.clone(), reader.source(path, version).ok()?))
        };
        Ok(all.iter().filter_map(source).collect())
    }

    /// The vendor directory's packages, when they count.
    pub fn vendored_packages(&self) -> Vec<String> {
        self.vendor.as_ref().map(|v| v.packages.keys().cloned().collect()).unwrap_or_default()
    }

    fn missing(&self, path: &str, is_std: bool) -> ResolveError {
        let text = if is_std {
            format!("package {path} is not in std ({})", self.std_dir().join(path).display())
        } else if self.main.is_none() {
            format!("no required module provides package {path}: {NO_MODULE}")
        } else if self.mode == ModMode::Mod {
            format!("cannot find module providing package {path}")
        } else if let Some((module, arg)) = self.replaced_but_not_required(path) {
            format!(
                "module {module} provides package {path} and is replaced but not required; to add it:\n\tgo get {arg}"
            )
        } else {
            format!("no required module provides package {path}; to add it:\n\tgo get {path}")
        };
        ResolveError { text, names_path: true }
    }

    fn replaced_but_not_required(&self, path: &str) -> Option<(String, String)> {
        let main = self.main.as_ref()?;
        let of = |prefix: &&str| main.go_mod.replaces.iter().any(|r| r.path == **prefix);
        let module = prefixes(path).find(|prefix| of(prefix) && !self.roots.contains_key(*prefix))?;
        let replace = main.go_mod.replaces.iter().find(|r| r.path == module)?;
        let dir = main.dir.join(&replace.new_path);
        if replace.new_version.is_none()
            && !dir_in_module(path, module, &dir).is_some_and(|d| self.has_go_files(&d))
        {
            return None;
        }
        let arg = match &replace.version {
            Some(version) => format!("{module}@{version}"),
            None => module.to_owned(),
        };
        Some((module.to_owned(), arg))
    }

    fn ambiguous(&self, path: &str, found: &[Found]) -> ResolveError {
        let mut text = format!("ambiguous import: found package {path} in multiple modules:");
        for found in found {
            let Some(module) = &found.module else { continue };
            let version =
                if module.version.is_empty() { String::new() } else { format!(" {}", module.version) };
            text.push_str(&format!("\n\t{}{version} ({})", module.path, found.dir.display()));
        }
        ResolveError { text, names_path: true }
    }

    pub fn has_go_files(&self, dir: &Path) -> bool {
        self.go_files(dir).unwrap_or(false)
    }

    /// Whether a Go file is there, or why that cannot be seen.
    pub fn go_files(&self, dir: &Path) -> Result<bool, String> {
        let entries = match self.world.read_dir(dir) {
            Ok(entries) => entries,
            Err(e) if e.kind() == std::io::ErrorKind::PermissionDenied => {
                return Err(format!("open {}: {}", dir.display(), os_words(&e)));
            }
            Err(_) => return Ok(false),
        };
        let mut fault = None;
        for entry in entries.iter().filter(|e| e.name.ends_with(".go")) {
            let path = dir.join(&entry.name);
            match self.world.stat(&path) {
                Ok(stat) if stat.is_dir() => {}
                Ok(_) => return Ok(true),
                Err(e) => {
                    _ = fault.get_or_insert_with(|| format!("stat {}: {}", path.display(), os_words(&e)))
                }
            }
        }
        fault.map_or(Ok(false), Err)
    }
}

fn missing_sum(path: &str, importer: Option<&str>, modules: &[String], found: bool) -> ResolveError {
    let by = importer.map(|importer| format!(" (imported by {importer})")).unwrap_or_default();
    let mut text = match found {
        true => format!(
            "missing go.sum entry needed to verify package {path}{by} is provided by exactly one module"
        ),
        false => format!("missing go.sum entry for module providing package {path}{by}"),
    };
    match importer {
        Some(importer) => text.push_str(&format!("; to add:\n\tgo get {importer}")),
        None => text.push_str(&format!("; to add:\n\tgo mod download {}", modules.join(" "))),
    }
    ResolveError { text, names_path: true }
}

/// `a/b/c`, `a/b`, `a`
fn prefixes(path: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(path), |p| p.rfind('/').map(|i| &p[..i]))
}

fn dir_in_module(path: &str, module: &str, dir: &Path) -> Option<PathBuf> {
    if path == module {
        return Some(dir.to_path_buf());
    }
    Some(dir.join(path.strip_prefix(module)?.strip_prefix('/')?))
}

pub(super) fn is_local(path: &str) -> bool {
    path == "." || path == ".." || path.starts_with("./") || path.starts_with("../")
}
