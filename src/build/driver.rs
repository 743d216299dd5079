//! One build from the command's words to executables: the table of contents of the whole compiler.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock};

use serde::{Deserialize, Serialize};

use super::buildinfo::{self, ModuleLine};
use super::config::{Config, GO_VERSION};
use super::flags::{BuildFlags, Wanted};
use super::library::Library;
use super::link_stage::{Link, LinkContext, LinkInput};
use super::noop;
use super::object_file::object_file;
use super::planning::Lowered;
use super::shelf::Shelf;
use super::stages::{CheckAndLower, GENERIC, PackageInput, PackageOutput, ScanFile, ScanInput, backend};
use super::workspace::{Workspace, symbol_path};
use crate::base::world::clean_path;
use crate::base::{ContentId, Hasher, World, par, wire};
use crate::check::{PLACE_BEGINS, PLACE_ENDS, TOO_MANY_ERRORS};
use crate::codegen::Effort;
use crate::engine::{Engine, History, InternalError, RunRecord, Stage};
use crate::modules::{self, ModMode, Module, Package, PackageId};
use crate::overlay;
use crate::store::Store;
use crate::syntax::FileFacts;
use crate::target::Target;

/// The note with the last build's record.
pub const LAST_RUN: &str = "last-run";

/// The note with the ids of the records of the last builds that ran something, the newest last.
pub const RUNS: &str = "runs";

/// With that many records `cache runs` still fits on a screen, and they take less than one executable.
const MAX_RUNS: usize = 40;

/// As gc: more errors of one package are not told.
const MAX_ERRORS: usize = 10;

/// What the command will do with the packages.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Purpose {
    Build,
    Run,
    Install,
    List,
    Test,
}

/// One command's wish.
pub struct Request<'a> {
    pub config: &'a Config,
    pub flags: &'a BuildFlags,
    pub target: Target,
    pub goroot: &'a Path,
    /// Patterns, import paths, directories or files.
    pub words: &'a [String],
    pub purpose: Purpose,
    /// The whole command line, for the record.
    pub line: &'a [String],
    /// Nanoseconds since 1970.
    pub now_ns: i64,
}

/// A package that was named.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Program {
    pub import_path: String,
    /// The file name of its executable.
    pub name: String,
    pub is_main: bool,
    /// It was named by its files.
    pub from_files: bool,
    /// The executable, or the object file where one is wanted, in the store.
    pub exe: Option<ContentId>,
    pub is_object: bool,
}

/// A build that went well.
pub struct Built {
    pub programs: Vec<Program>,
}

/// What the record of a build needs besides its result.
struct Seen {
    warnings: Vec<String>,
    /// Directories of packages with embedded files.
    embedding: Vec<PathBuf>,
}

/// A build that did not: what to tell, and the exit code.
#[derive(Debug)]
pub struct BuildFailure {
    pub code: u8,
    pub text: String,
    /// The same text by import path, where it is about packages.
    pub parts: Vec<(String, String)>,
}

impl BuildFailure {
    fn new(text: impl Into<String>) -> BuildFailure {
        BuildFailure { code: 1, text: text.into(), parts: Vec::new() }
    }

    fn of_packages(parts: Vec<(String, String)>) -> BuildFailure {
        let texts: Vec<&str> = parts.iter().map(|(_, text)| text.as_str()).collect();
        BuildFailure { text: texts.join("\n"), parts, code: 1 }
    }
}

impl From<InternalError> for BuildFailure {
    fn from(error: InternalError) -> BuildFailure {
        BuildFailure::new(error.to_string())
    }
}

/// Lines for stderr, as they come.
pub type Say<'a> = &'a (dyn Fn(&str) + Sync);

/// Builds what `req` names.
pub fn build(
    req: &Request<'_>,
    world: &dyn World,
    store: &Arc<Store>,
    say: Say<'_>,
) -> Result<Built, BuildFailure> {
    if let Some(built) = unchanged(req, world, store, say) {
        return Ok(built);
    }
    let may_skip = may_skip(req);
    // An object that was damaged is forgotten when it is met; what needed it is then made again.
    let healed = store.healed();
    match attempt(req, world, store, say, may_skip) {
        Err(_) if store.healed() > healed => {
            // Where one is damaged others may be, and a build that meets them one by one would not end.
            store.verify();
            attempt(req, world, store, say, may_skip)
        }
        result => result,
    }
}

/// Whether a record of an earlier build may stand for this one.
fn may_skip(req: &Request<'_>) -> bool {
    !(req.flags.all || req.flags.dry_run || req.flags.emits())
}

/// The result of the same build before, if nothing it saw has changed.
pub fn unchanged(req: &Request<'_>, world: &dyn World, store: &Arc<Store>, say: Say<'_>) -> Option<Built> {
    if !may_skip(req) {
        return None;
    }
    let (programs, warnings, n_stages) = noop::find(req, world, store)?;
    warnings.iter().for_each(|line| say(line));
    let engine = Engine::new(store.clone(), History::default(), false);
    engine.note_cached("build", n_stages);
    let (record, _) = engine.finish();
    sum_up(req, store, record, None, say);
    Some(Built { programs })
}

fn attempt(
    req: &Request<'_>,
    world: &dyn World,
    store: &Arc<Store>,
    say: Say<'_>,
    may_skip: bool,
) -> Result<Built, BuildFailure> {
    par::with_pool(req.flags.threads, || {
        let history = History::open(store);
        let engine = Arc::new(Engine::new(store.clone(), history, req.flags.all));
        let watch = noop::Watch::new(world, req.goroot, req.now_ns);
        let result = build_with(req, &watch, &engine, say);
        let engine = Arc::into_inner(engine).expect("every stage has let go of the engine");
        let (record, history) = engine.finish();
        let totals = record.totals();
        if let Ok((built, seen)) = &result
            && may_skip
        {
            let record = watch.record(
                world,
                &seen.embedding,
                seen.warnings.clone(),
                built.programs.clone(),
                totals.ran + totals.cached,
            );
            noop::save(&noop::name_of(req), &record, store);
        }
        sum_up(req, store, record, Some(history), say);
        result.map(|(built, _)| built)
    })
}

fn build_with(
    req: &Request<'_>,
    world: &dyn World,
    engine: &Arc<Engine>,
    say: Say<'_>,
) -> Result<(Built, Seen), BuildFailure> {
    let graph = load(req, world, engine, say)?;
    let embeds = graph.packages.iter().filter(|p| !p.embeds.patterns.is_empty() && !p.standard);
    let seen = Seen { warnings: graph.warnings.clone(), embedding: embeds.map(|p| p.dir.clone()).collect() };
    if req.flags.dry_run {
        return Ok((dry_run(&graph, say), seen));
    }
    let store = engine.shared_store();
    let workspace = Arc::new(Workspace::new(graph, req.target, req.goroot, store, world.handle()));
    let lowered = Arc::new(compile(req, world, engine, &workspace, say)?);
    // From here on every package is checked and lowered, without errors.
    let mut programs = Vec::new();
    for &id in &workspace.graph.roots {
        let package = workspace.package(id);
        let is_main = package.name == "main";
        let is_object = workspace.graph.roots.len() == 1
            && match req.flags.wanted {
                Wanted::Executable => false,
                Wanted::ExecutableOrObject => !is_main,
                Wanted::Object => true,
            };
        let exe = match (is_object, is_main) {
            (true, _) => Some(object(req, engine, &lowered, id)?),
            (false, true) => Some(link(req, engine, &lowered, id, say)?),
            (false, false) => None,
        };
        programs.push(Program {
            import_path: package.import_path.clone(),
            name: package.default_exec_name(),
            is_main,
            from_files: package.from_files,
            exe,
            is_object,
        });
    }
    Ok((Built { programs }, seen))
}

/// `-n`: the steps of a build that finds nothing in the cache, dependencies first.
fn dry_run(graph: &modules::Graph, say: Say<'_>) -> Built {
    graph.packages.iter().filter(|p| p.import_path != "unsafe").for_each(|p| say(&compile_line(p)));
    let programs = graph.roots.iter().map(|&id| {
        let package = graph.get(id);
        if package.name == "main" {
            say(&link_line(package));
        }
        Program {
            import_path: package.import_path.clone(),
            name: package.default_exec_name(),
            is_main: package.name == "main",
            from_files: package.from_files,
            exe: None,
            is_object: false,
        }
    });
    Built { programs: programs.collect() }
}

/// What `-x` and `-n` show of a package's step: `$THERMOS` stands for this program, which has no separate tools.
fn compile_line(package: &Package) -> String {
    let own = |file: &modules::File| file.path.is_some().then(|| format!(" ./{}", file.name));
    let files: String = package.files.iter().filter_map(own).collect();
    format!("$THERMOS/compile -p {}{files}", symbol_path(package))
}

fn link_line(package: &Package) -> String {
    format!("$THERMOS/link -o $WORK/exe/{} {}", package.default_exec_name(), package.import_path)
}

/// Facts about files, through the cache.
pub(super) struct Scanned<'a> {
    pub(super) engine: &'a Engine,
    pub(super) shelf: Option<Shelf<'a>>,
}

impl modules::Facts for Scanned<'_> {
    fn facts(&self, path: &Path, text: &Arc<[u8]>) -> Arc<FileFacts> {
        let name = path.display().to_string();
        let input = ScanInput { name, content: ContentId::of(text), context: text.clone() };
        match self.engine.get::<ScanFile>(&input) {
            Ok(done) => done.value,
            // The parser will meet the same bytes and say what is wrong with them.
            Err(_) => Arc::default(),
        }
    }

    fn shelved(&self, import_path: &str) -> Option<modules::Shelved> {
        self.shelf.as_ref()?.get(import_path)
    }

    fn shelve(&self, import_path: &str, dir: &Path, looked: &[String], package: modules::Shelved) {
        if let Some(shelf) = &self.shelf {
            shelf.put(import_path, dir, looked, package);
        }
    }
}

/// The package graph alone, faults and all, for `list`.
pub fn graph(
    req: &Request<'_>,
    world: &dyn World,
    store: &Arc<Store>,
) -> Result<modules::Graph, BuildFailure> {
    let engine = Engine::new(store.clone(), History::default(), false);
    modules::load(&modules_config(req), req.words, world, &Scanned { engine: &engine, shelf: None })
        .map_err(|fatal| BuildFailure::new(fatal.to_string()))
}

/// How packages are looked for.
pub(super) fn modules_config(req: &Request<'_>) -> modules::Config {
    modules::Config {
        goroot: req.goroot.to_path_buf(),
        target: req.target,
        tags: req.flags.tags.clone(),
        experiments: overlay::EXPERIMENTS.iter().map(|e| (*e).to_owned()).collect(),
        mod_mode: ModMode::parse(&req.flags.mod_mode),
        modfile: Some(&req.flags.modfile).filter(|f| !f.is_empty()).map(|f| req.config.cwd.join(f)),
        mod_cache: req.config.gomodcache().unwrap_or_else(|| PathBuf::from("/nonexistent")),
        proxy: req.config.value("GOPROXY"),
        overlay: req.purpose != Purpose::List,
        main_only: req.purpose == Purpose::Run,
        objects: req.flags.wanted != Wanted::Executable,
        tests: req.purpose == Purpose::Test,
    }
}

fn load(
    req: &Request<'_>,
    world: &dyn World,
    engine: &Engine,
    say: Say<'_>,
) -> Result<modules::Graph, BuildFailure> {
    let config = modules_config(req);
    let scanned = Scanned { engine, shelf: Some(Shelf::open(req, world, engine.store())) };
    let graph = modules::load(&config, req.words, world, &scanned);
    scanned.shelf.into_iter().for_each(|shelf| shelf.save(engine.store()));
    let graph = graph.map_err(|fatal| BuildFailure::new(fatal.to_string()))?;
    graph.warnings.iter().for_each(|line| say(line));
    let with_error = graph.packages.iter().filter_map(|p| Some((p, p.error.as_ref()?)));
    let errors: Vec<_> = with_error.map(|(p, e)| (p.import_path.clone(), e.to_string())).collect();
    if !errors.is_empty() {
        return Err(BuildFailure::of_packages(errors));
    }
    if req.purpose == Purpose::Run && graph.roots.len() == 1 {
        let package = graph.get(graph.roots[0]);
        if package.name != "main" {
            return Err(BuildFailure::new(format!("package {} is not a main package", package.import_path)));
        }
    }
    Ok(graph)
}

/// Checks and lowers every package, dependencies first, as many at once as there are threads.
pub(super) fn compile(
    req: &Request<'_>,
    world: &dyn World,
    engine: &Arc<Engine>,
    workspace: &Arc<Workspace>,
    say: Say<'_>,
) -> Result<Lowered, BuildFailure> {
    let packages = &workspace.graph.packages;
    let needs: Vec<Vec<usize>> =
        packages.iter().map(|package| package.imports.values().map(|id| id.0).collect()).collect();
    let run = Run {
        req,
        world,
        engine,
        workspace,
        done: packages.iter().map(|_| OnceLock::new()).collect(),
        seen: packages.iter().map(|_| OnceLock::new()).collect(),
        failures: Mutex::default(),
        say,
    };
    let mut library = Library::find(workspace, world, engine);
    if let Some(outputs) = library.outputs() {
        engine.note_cached(CheckAndLower::NAME, outputs.len() as u64);
        library.packages.iter().zip(outputs).for_each(|(id, output)| run.known(id.0, Arc::new(output)));
    }
    // What a link will need is read meanwhile.
    rayon::join(|| par::in_order(&needs, &|i| run.package(i)), || library.prefetch(engine));
    let failures = run.failures.into_inner().unwrap_or_else(|e| e.into_inner());
    if !failures.is_empty() {
        // In the order of packages, whatever thread was first.
        let with_path = failures.into_iter().map(|(i, text)| (packages[i].import_path.clone(), text));
        return Err(BuildFailure::of_packages(with_path.collect()));
    }
    let done = run.done.into_iter().map(|slot| slot.into_inner().expect("every package was built")).collect();
    Ok(Lowered::new(workspace.clone(), done, library))
}

struct Run<'a> {
    req: &'a Request<'a>,
    world: &'a dyn World,
    engine: &'a Arc<Engine>,
    workspace: &'a Arc<Workspace>,
    done: Vec<OnceLock<Arc<PackageOutput>>>,
    /// What an importer sees of each package: its interface and those behind it.
    seen: Vec<OnceLock<ContentId>>,
    failures: Mutex<BTreeMap<usize, String>>,
    say: Say<'a>,
}

impl Run<'_> {
    fn known(&self, i: usize, output: Arc<PackageOutput>) {
        self.workspace.set_interface(PackageId(i), output.interface);
        let _ = self.done[i].set(output);
    }

    /// The digest of the package's interface and of all that it mentions.
    fn seen(&self, i: usize) -> ContentId {
        *self.seen[i].get_or_init(|| {
            let output = self.done[i].get().expect("imports are built before");
            let behind: Vec<(String, ContentId)> = output
                .mentions
                .iter()
                .filter_map(|path| Some((path.clone(), self.seen(self.workspace.find(path)?.0))))
                .collect();
            let mut h = Hasher::new("seen");
            h.field("interface", &output.interface).field("mentions", &behind);
            ContentId(h.finish())
        })
    }

    fn package(&self, i: usize) -> bool {
        if self.done[i].get().is_some() {
            return true;
        }
        match self.build(i) {
            Ok(output) => {
                self.known(i, output);
                true
            }
            // Nothing that imports it is begun.
            Err(text) => {
                self.failures.lock().unwrap_or_else(|e| e.into_inner()).insert(i, text);
                false
            }
        }
    }

    fn build(&self, i: usize) -> Result<Arc<PackageOutput>, String> {
        let package = &self.workspace.graph.packages[i];
        if package.import_path == "unsafe" {
            // The checker and the lowering know it by themselves.
            let interface = ContentId::of(&[]);
            return Ok(Arc::new(PackageOutput { interface, ..PackageOutput::default() }));
        }
        let input = self.input(i)?;
        // A change in a generic function of a package that was not asked for it then is no change here.
        let value_of = |name: &str| {
            let id = self.workspace.find(name.strip_prefix(GENERIC)?)?;
            self.done[id.0].get()?.generic
        };
        let done =
            self.engine.get_discovering::<CheckAndLower>(&input, &value_of).map_err(|e| e.to_string())?;
        if self.req.flags.explain && done.ran {
            (self.say)(&compile_line(package));
        }
        if self.req.flags.verbose && done.ran {
            (self.say)(&package.import_path);
        }
        match done.value.unit {
            Some(_) => Ok(done.value),
            None => Err(self.messages(package, &done.value)),
        }
    }

    fn input(&self, i: usize) -> Result<PackageInput, String> {
        let package = &self.workspace.graph.packages[i];
        let imports: Vec<(&String, &PackageId)> =
            package.imports.iter().filter(|(path, _)| *path != "unsafe" && *path != "C").collect();
        let embeds = package.embeds.files().into_iter().map(|name| {
            let text = self.world.read(&package.dir.join(name)).map_err(|e| format!("{name}: {e}"))?;
            Ok((name.to_owned(), self.engine.store().put_object(text)))
        });
        Ok(PackageInput {
            import_path: package.import_path.clone(),
            symbol_path: symbol_path(package).to_owned(),
            go_version: package.go_version.clone(),
            target: self.req.target.to_string(),
            files: package.files.iter().map(|f| (f.name.clone(), f.text.content())).collect(),
            embeds: embeds.collect::<Result<_, String>>()?,
            embed_patterns: package.embeds.patterns.iter().map(|(p, f)| (p.clone(), f.clone())).collect(),
            imports: imports
                .into_iter()
                .map(|(path, id)| {
                    (path.clone(), (self.workspace.package(*id).import_path.clone(), self.seen(id.0)))
                })
                .collect(),
            workspace: (self.workspace.clone(), PackageId(i)),
        })
    }

    /// As gc prints them, under one header.
    fn messages(&self, package: &Package, output: &PackageOutput) -> String {
        let mut text = format!("# {}", package.shown_path());
        let place = |place: &str| shown_place(&package.dir, place, &self.req.config.cwd);
        let errors: Vec<_> = output.messages.iter().filter(|m| m.is_error).collect();
        for (n, message) in errors.iter().enumerate() {
            let words = with_places(&message.text, &place);
            text += &format!("\n{}: {words}", place(&message.place));
            for (at, words) in &message.related {
                text += &format!("\n\t{}: {words}", place(at));
            }
            // The checker says itself when gc would have stopped; for syntax errors that is here.
            if message.text == TOO_MANY_ERRORS {
                break;
            }
            if n + 1 == MAX_ERRORS && errors.get(n + 1).is_none_or(|next| next.text != TOO_MANY_ERRORS) {
                text += &format!("\n{}: {TOO_MANY_ERRORS}", place(&message.place));
                break;
            }
        }
        text
    }
}

/// A message with the places in its text as `show` shows them.
fn with_places(text: &str, show: &dyn Fn(&str) -> String) -> String {
    let mut parts = text.split(PLACE_BEGINS);
    let mut out = parts.next().unwrap_or("").to_owned();
    for part in parts {
        match part.split_once(PLACE_ENDS) {
            Some((place, rest)) => out += &(show(place) + rest),
            None => out += part,
        }
    }
    out
}

/// `file.go:3:8` of a package in `dir`, as seen from `cwd`.
pub(super) fn shown_place(dir: &Path, place: &str, cwd: &Path) -> String {
    if place.starts_with('/') || place.starts_with('<') {
        return place.to_owned();
    }
    let full = dir.join(place);
    let full = full.display().to_string();
    let relative = relative(&clean_path(dir), cwd).map(|rel| match rel.as_str() {
        "." => format!("./{place}"),
        rel => format!("{rel}/{place}"),
    });
    match relative {
        Some(relative) if relative.len() < full.len() => relative,
        _ => full,
    }
}

/// `path` from `base`, both absolute and clean.
fn relative(path: &Path, base: &Path) -> Option<String> {
    let mut up = 0;
    for ancestor in base.ancestors() {
        if let Ok(rest) = path.strip_prefix(ancestor) {
            let mut parts: Vec<String> = vec!["..".to_owned(); up];
            parts.extend(rest.iter().map(|p| p.to_string_lossy().into_owned()));
            return Some(if parts.is_empty() { ".".to_owned() } else { parts.join("/") });
        }
        up += 1;
    }
    None
}

/// Writes the object file of package `id`.
fn object(
    req: &Request<'_>,
    engine: &Arc<Engine>,
    lowered: &Lowered,
    id: PackageId,
) -> Result<ContentId, BuildFailure> {
    let package = lowered.workspace.package(id);
    let fail = |text: String| BuildFailure::new(format!("# {}\n{text}", package.import_path));
    let layouts = lowered.runtime_layouts();
    if layouts.is_empty() {
        return Err(fail(
            "no object file without package runtime, whose types its code would rest on".to_owned(),
        ));
    }
    let (backend, _) = backend(req.target, &layouts, Effort::Full);
    let plan = lowered.plan(engine).map_err(fail)?;
    let bytes = object_file(&plan, id, &package.import_path, &backend, engine.store()).map_err(fail)?;
    Ok(engine.store().put_plain(bytes))
}

/// Links the command `id`.
pub(super) fn link(
    req: &Request<'_>,
    engine: &Arc<Engine>,
    lowered: &Arc<Lowered>,
    id: PackageId,
    say: Say<'_>,
) -> Result<ContentId, BuildFailure> {
    let (workspace, outputs) = (&*lowered.workspace, &lowered.outputs);
    let needed = closure(workspace, id);
    let layouts = lowered.runtime_layouts();
    let (backend, backend_id) = backend(req.target, &layouts, Effort::Full);
    let package = workspace.package(id);
    if req.flags.emits() {
        let plan = lowered.plan(engine).map_err(BuildFailure::new)?;
        let text = super::emit::text(workspace, id, &plan, &backend, &req.flags.emit);
        say(&text.map_err(BuildFailure::new)?);
    }
    let mut units: Vec<(String, ContentId)> = needed
        .iter()
        .filter_map(|&i| Some((symbol_path(workspace.package(i)).to_owned(), outputs[i.0].unit?)))
        .collect();
    units.sort();
    let dirs = needed
        .iter()
        .map(|&i| workspace.package(i))
        // What was made for a test program is in no directory.
        .filter(|p| !p.dir.as_os_str().is_empty())
        .map(|p| (symbol_path(p).to_owned(), shown_dir(p, req.flags.trimpath)))
        .collect();
    let input = LinkInput {
        import_path: package.import_path.clone(),
        units,
        layouts,
        backend_id,
        dirs,
        strings: strings(req, package),
        version: GO_VERSION.to_owned(),
        modinfo: modinfo(req, workspace, &needed, package),
        build_id: req.flags.ldflags.build_id.clone(),
        strip_symbols: req.flags.ldflags.strip_symbols,
        strip_debug: req.flags.ldflags.strip_debug,
        trap_undefined: req.flags.trap_undefined,
        context: LinkContext { engine: engine.clone(), backend, lowered: lowered.clone(), packages: needed },
    };
    let done = engine.get::<Link>(&input)?;
    if req.flags.explain && done.ran {
        say(&link_line(package));
    }
    match done.value.exe {
        Some(exe) if engine.store().read(exe).is_none() => Err(BuildFailure::new(format!(
            "# {}\nthe executable vanished from the cache; build again",
            package.import_path
        ))),
        Some(exe) => {
            done.value.faults.iter().for_each(|fault| say(&format!("thermos: {fault}")));
            Ok(exe)
        }
        None => {
            Err(BuildFailure::new(format!("# {}\n{}", package.import_path, done.value.faults.join("\n"))))
        }
    }
}

/// The package and all it needs, in the graph's order.
fn closure(workspace: &Workspace, root: PackageId) -> BTreeSet<PackageId> {
    let mut found = BTreeSet::new();
    let mut next = vec![root];
    while let Some(id) = next.pop() {
        if found.insert(id) {
            let package = workspace.package(id);
            next.extend(package.imports.values().chain(&package.implicit));
        }
    }
    found
}

/// What tracebacks show before a file's name.
fn shown_dir(package: &Package, trimpath: bool) -> String {
    if !trimpath {
        return package.dir.display().to_string();
    }
    match &package.module {
        Some(module) if !module.version.is_empty() => {
            let rest = package.import_path.strip_prefix(&module.path).unwrap_or("");
            format!("{}@{}{rest}", module.path, module.version)
        }
        _ => package.import_path.clone(),
    }
}

/// `-X`, with `main` for the command's own import path.
fn strings(req: &Request<'_>, package: &Package) -> Vec<(String, String)> {
    let own = format!("{}.", package.import_path);
    let named = req.flags.ldflags.strings.iter().map(|(symbol, value)| match symbol.strip_prefix(&own) {
        Some(name) if !name.contains(['.', '/']) => (format!("main.{name}"), value.clone()),
        _ => (symbol.clone(), value.clone()),
    });
    // What runtime.GOROOT() says without a variable in the environment; as file names, gone with -trimpath.
    let goroot = ("runtime.defaultGOROOT".to_owned(), req.goroot.display().to_string());
    (!req.flags.trimpath).then_some(goroot).into_iter().chain(named).collect()
}

fn modinfo(
    req: &Request<'_>,
    workspace: &Workspace,
    needed: &BTreeSet<PackageId>,
    package: &Package,
) -> String {
    let line = |module: &Module| ModuleLine {
        path: module.path.clone(),
        version: if module.version.is_empty() { "(devel)".to_owned() } else { module.version.clone() },
        sum: module.sum.clone(),
        replace: module.replace.as_ref().map(|(path, version)| {
            Box::new(ModuleLine {
                path: path.clone(),
                version: if version.is_empty() { "(devel)".to_owned() } else { version.clone() },
                ..ModuleLine::default()
            })
        }),
    };
    let stamp = &req.flags.vcs;
    let is_stamped = !package.from_files && package.module.as_ref().is_some_and(|m| m.main);
    // A list of files is no package of the module they lie in.
    let mut main = match package.from_files {
        true => None,
        false => package.module.as_deref().or(workspace.graph.main_module.as_deref()).map(line),
    };
    if let Some(main) = main.as_mut().filter(|_| is_stamped && !stamp.version.is_empty()) {
        main.version = stamp.version.clone();
    }
    let is_own = |p: &Package| p.from_files == package.from_files && p.import_path == package.import_path;
    let mut deps: Vec<ModuleLine> = needed
        .iter()
        .map(|id| workspace.package(*id))
        .filter(|p| !is_own(p))
        .filter_map(|p| p.module.as_deref())
        .filter(|m| !m.main || package.from_files)
        .map(line)
        .collect();
    deps.sort();
    deps.dedup();
    let mut settings: Vec<(String, String)> =
        vec![("-buildmode".to_owned(), "exe".to_owned()), ("-compiler".to_owned(), "gc".to_owned())];
    let flags = req.flags;
    let mut add = |name: &str, value: String| settings.push((name.to_owned(), value));
    if !flags.gcflags.is_empty() {
        add("-gcflags", flags.gcflags.clone());
    }
    if !flags.ldflags.text.is_empty() && !flags.trimpath {
        add("-ldflags", flags.ldflags.text.clone());
    }
    if !flags.tags.is_empty() {
        add("-tags", flags.tags.join(","));
    }
    if flags.trimpath {
        add("-trimpath", "true".to_owned());
    }
    add("CGO_ENABLED", "0".to_owned());
    add("GOARCH", req.target.arch.name().to_owned());
    add("GOOS", req.target.os.name().to_owned());
    if req.target.arch.name() == "amd64" {
        add("GOAMD64", "v1".to_owned());
    }
    if is_stamped {
        settings.extend(stamp.settings.iter().cloned());
    }
    buildinfo::modinfo(&package.import_path, main.as_ref(), &deps, &settings)
}

/// Keeps the record, and tells the totals with `-v`.
pub(super) fn sum_up(
    req: &Request<'_>,
    store: &Store,
    mut record: RunRecord,
    history: Option<History>,
    say: Say<'_>,
) {
    record.command = req.line.to_vec();
    record.started = req.now_ns as u64 / 1_000_000_000;
    let totals = record.totals();
    if req.flags.verbose {
        let kinds: Vec<String> = record
            .counts
            .iter()
            .filter(|(_, c)| c.ran > 0)
            .map(|(stage, c)| format!("{stage} {}", c.ran))
            .collect();
        let kinds = if kinds.is_empty() { String::new() } else { format!(" ({})", kinds.join(", ")) };
        say(&format!("{} ran{kinds}, {} cached", totals.ran, totals.cached));
    }
    history.into_iter().for_each(|history| history.save(store));
    // A build that did nothing, twice, is not worth a write.
    let same = |last: &RunRecord| totals.ran == 0 && last.totals().ran == 0 && last.command == record.command;
    let last = store.note(LAST_RUN).filter(|note| note.len() < SMALL_RECORD);
    if !last.and_then(|note| wire::decode(&note).ok()).as_ref().is_some_and(same) {
        store.set_note(LAST_RUN, &wire::encode(&record));
        if totals.ran > 0 {
            let last = store.note(RUNS).and_then(|note| wire::decode::<Vec<ContentId>>(&note).ok());
            let mut runs = last.unwrap_or_default();
            runs.push(store.put_object(wire::encode(&record)));
            runs.drain(..runs.len().saturating_sub(MAX_RUNS));
            store.set_note(RUNS, &wire::encode(&runs));
        }
    }
    store.flush();
}

/// A record of a build that did nothing takes less.
const SMALL_RECORD: usize = 4096;
