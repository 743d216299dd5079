//! Test programs: which packages have one, how it is made, and what of an earlier run still holds.
//!
//! ```text
//! patterns ──modules──▶ graph with test files ──per package──▶ test_program ─▶ compile ─▶ link ─▶ executable
//!                                     └ test_functions ─▶ main ┘
//! ```

mod cover;
mod main_text;
mod results;
mod vetting;

#[cfg(test)]
mod vet_tests;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use super::driver::{self, BuildFailure, Request, Say, Scanned};
use super::flags::BuildFlags;
use super::shelf::Shelf;
use super::stages::short;
use super::workspace::Workspace;
use crate::base::{ContentId, Digest, Hasher, World, par};
use crate::engine::{Engine, Env, History, RunRecord, Stage};
use crate::modules::{self, File, Graph, LoadError, Package, PackageId, Text};
use crate::scan::{self, TestFunctions};
use crate::store::Store;
use main_text::Covered;

pub use cover::Mode as CoverMode;
pub use results::{Asked, Saved, lookup, remember};

/// Puts other texts in the place of a package's files.
fn use_texts(graph: &mut Graph, path: &str, texts: &BTreeMap<String, Arc<[u8]>>) {
    for package in graph.packages.iter_mut().filter(|package| package.import_path == path) {
        for file in &mut package.files {
            if let Some(text) = texts.get(&file.name) {
                file.text = Text::Here(text.clone());
            }
        }
    }
}

/// What test files declare.
struct FindTests;

struct FindInput {
    name: String,
    content: ContentId,
    /// The bytes that `content` names.
    context: Arc<[u8]>,
}

impl Digest for FindInput {
    fn digest(&self, h: &mut Hasher) {
        let FindInput { name: _, content, context: _ } = self;
        h.field("content", content);
    }
}

impl Stage for FindTests {
    const NAME: &'static str = "find tests";
    const VERSION: u32 = 1;
    type Input = FindInput;
    type Output = TestFunctions;

    fn subject(input: &FindInput) -> String {
        input.name.clone()
    }

    fn inputs(input: &FindInput) -> Vec<(String, String)> {
        vec![("content".to_owned(), short(&input.content))]
    }

    fn run(input: &FindInput, _env: &Env<'_>) -> TestFunctions {
        scan::test_functions(&input.context)
    }
}

/// The packages of one `test` command.
pub struct TestBuild<'a> {
    req: &'a Request<'a>,
    world: &'a dyn World,
    engine: Arc<Engine>,
    graph: Graph,
    /// For linking: tests know that they are tests.
    flags: BuildFlags,
    checks: Checks,
}

/// What is done with packages under test besides testing them.
#[derive(Clone, Debug, Default)]
pub struct Checks {
    /// Names of the checks that run before a test.
    pub vet: Vec<String>,
    /// Statements are counted.
    pub cover: Option<CoverMode>,
}

/// One package that was named.
#[derive(Clone, Debug)]
pub struct Tested {
    pub id: PackageId,
    pub import_path: String,
    pub dir: PathBuf,
    /// What its executable is called: `p.test`.
    pub exe_name: String,
    pub has_tests: bool,
}

/// What became of a package's test program.
pub enum Outcome {
    /// It has no test files; it compiles. With coverage, its profile: nothing was reached.
    NoTests(String),
    /// It could not be loaded: `[setup failed]`.
    SetupFailed(String),
    /// It did not compile or link: `[build failed]`.
    BuildFailed(String),
    Ready(ContentId),
}

impl<'a> TestBuild<'a> {
    /// Loads the packages that `req` names, with what their tests import.
    pub fn open(
        req: &'a Request<'a>,
        world: &'a dyn World,
        store: &Arc<Store>,
        checks: Checks,
    ) -> Result<TestBuild<'a>, BuildFailure> {
        let history = History::open(store);
        let engine = Arc::new(Engine::new(store.clone(), history, req.flags.all));
        let config = driver::modules_config(req);
        let graph = par::with_pool(req.flags.threads, || {
            let scanned = Scanned { engine: &engine, shelf: Some(Shelf::open(req, world, engine.store())) };
            let graph = modules::load(&config, req.words, world, &scanned);
            scanned.shelf.into_iter().for_each(|shelf| shelf.save(engine.store()));
            graph
        });
        let graph =
            graph.map_err(|fatal| BuildFailure { code: 1, text: fatal.to_string(), parts: Vec::new() })?;
        let mut flags = req.flags.clone();
        flags.ldflags.strings.push(("testing.testBinary".to_owned(), "1".to_owned()));
        Ok(TestBuild { req, world, engine, graph, flags, checks })
    }

    pub fn warnings(&self) -> &[String] {
        &self.graph.warnings
    }

    /// The packages in the order of the patterns.
    pub fn packages(&self) -> Vec<Tested> {
        let tested = |&id: &PackageId| {
            let package = self.graph.get(id);
            Tested {
                id,
                import_path: package.import_path.clone(),
                dir: package.dir.clone(),
                exe_name: format!("{}.test", package.default_exec_name()),
                has_tests: !package.tests.files.is_empty() || !package.xtests.files.is_empty(),
            }
        };
        self.graph.roots.iter().map(tested).collect()
    }

    /// The directory whose files count as a package's own for cached results: its module's, or the GOROOT.
    pub fn tree_of(&self, id: PackageId) -> PathBuf {
        let package = self.graph.get(id);
        match &package.module {
            Some(module) => module.dir.clone(),
            None if package.standard => self.req.goroot.to_path_buf(),
            None => package.dir.clone(),
        }
    }

    /// Makes the package's test program.
    pub fn build(&self, id: PackageId, say: Say<'_>) -> Outcome {
        let package = self.graph.get(id);
        let has_tests = !package.tests.files.is_empty() || !package.xtests.files.is_empty();
        let covered = self.checks.cover.map(|mode| self.covered(package, mode));
        let graph = if has_tests {
            match self.main_text(package, covered.as_ref().map(|(covered, _)| covered)) {
                Ok(text) => {
                    let mut graph = modules::test_program(&self.graph, id, text.into_bytes().into());
                    if let Some((_, texts)) = &covered {
                        use_texts(&mut graph, &package.import_path, texts);
                    }
                    graph
                }
                Err(fault) => return Outcome::SetupFailed(format!("# {}\n{fault}", package.import_path)),
            }
        } else {
            modules::only(&self.graph, id)
        };
        let errors: Vec<String> = graph.errors().map(LoadError::to_string).collect();
        if !errors.is_empty() {
            return Outcome::SetupFailed(format!("# {}\n{}", package.import_path, errors.join("\n")));
        }
        let outcome = par::with_pool(self.req.flags.threads, || self.make(graph, has_tests, say));
        let unreached = covered.map(|(covered, _)| covered.nothing_reached()).unwrap_or_default();
        match outcome {
            Outcome::NoTests(_) => Outcome::NoTests(unreached),
            outcome => outcome,
        }
    }

    /// The package's own files with counters: what the test program reads, and the texts by name.
    fn covered(&self, package: &Package, mode: CoverMode) -> (Covered, BTreeMap<String, Arc<[u8]>>) {
        let (mut covered, mut texts) = (Covered { mode, files: Vec::new() }, BTreeMap::new());
        for (n, file) in package.files.iter().enumerate() {
            // What cannot be read is told when the package is compiled.
            let Ok(text) = modules::read_later(self.world, &package.import_path, file) else { continue };
            let Ok(text) = std::str::from_utf8(&text) else { continue };
            let counters = format!("ThermosCover_{n}");
            let done = cover::instrument(text, &counters, mode);
            if !done.blocks.is_empty() {
                let name = format!("{}/{}", package.import_path, file.name);
                covered.files.push((name, counters, done.blocks));
                texts.insert(file.name.clone(), done.text.into_bytes().into());
            }
        }
        (covered, texts)
    }

    fn make(&self, graph: Graph, has_tests: bool, say: Say<'_>) -> Outcome {
        let req = Request { flags: &self.flags, ..*self.req };
        let workspace = Arc::new(Workspace::new(
            graph,
            req.target,
            req.goroot,
            self.engine.shared_store(),
            self.world.handle(),
        ));
        let main = workspace.graph.roots[0];
        let built = driver::compile(&req, self.world, &self.engine, &workspace, say);
        let vetted = built.and_then(|lowered| match self.vetted(&workspace, &lowered.outputs) {
            text if text.is_empty() => Ok(lowered),
            text => Err(BuildFailure { code: 1, text, parts: Vec::new() }),
        });
        let result = vetted.and_then(|lowered| match has_tests {
            true => driver::link(&req, &self.engine, &Arc::new(lowered), main, say).map(Some),
            false => Ok(None),
        });
        match result {
            Ok(Some(exe)) => Outcome::Ready(exe),
            Ok(None) => Outcome::NoTests(String::new()),
            Err(failure) => Outcome::BuildFailed(failure.text),
        }
    }

    /// The text of the main package; the error is told of the package as it was written.
    fn main_text(&self, package: &Package, covered: Option<&Covered>) -> Result<String, String> {
        let of = |files: &[File]| -> Result<Vec<TestFunctions>, String> {
            files.iter().map(|file| self.functions(package, file)).collect()
        };
        let (own, external) = (of(&package.tests.files)?, of(&package.xtests.files)?);
        let n_mains = own.iter().chain(&external).filter(|f| f.has_main).count();
        if n_mains > 1 {
            return Err("multiple definitions of TestMain".to_owned());
        }
        let has_own = !package.files.is_empty() || !package.tests.files.is_empty();
        let module = package.module.as_ref().map_or("", |module| module.path.as_str());
        Ok(main_text::main_text(&package.import_path, module, has_own, &own, &external, covered))
    }

    fn functions(&self, package: &Package, file: &File) -> Result<TestFunctions, String> {
        let name = package.dir.join(&file.name).display().to_string();
        let text = modules::read_later(self.world, &package.import_path, file)?;
        let input = FindInput { name: name.clone(), content: file.text.content(), context: text };
        let done = self.engine.get::<FindTests>(&input).map_err(|e| e.to_string())?;
        match &done.value.fault {
            Some((at, text)) => Err(format!("{name}:{}:{}: {text}", at.line, at.column)),
            None => Ok((*done.value).clone()),
        }
    }

    /// Keeps the record of what was done.
    pub fn finish(self, say: Say<'_>) {
        let store = self.engine.shared_store();
        let engine = Arc::into_inner(self.engine).expect("every stage has let go of the engine");
        let (record, history): (RunRecord, History) = engine.finish();
        let quiet = BuildFlags { verbose: false, ..self.flags };
        let req = Request { flags: &quiet, ..*self.req };
        driver::sum_up(&req, &store, record, Some(history), say);
    }
}
