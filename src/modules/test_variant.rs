//! Test programs as package graphs: the package with its test files, what must be made again because it
//! imports that package, the package `_test` beside it, and the main package that calls them all.
//!
//! ```text
//! p.test (main) ─▶ p_test [p.test] ─▶ q [p.test] ─▶ p [p.test] = p's files + its _test.go files
//! ```
//!
//! # What holds
//! - In one test program each import path stands for one package, so every test program is a graph of its own;
//!   what does not depend on the package under test is the same in all of them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use crate::syntax::FileFacts;

use super::dir::TestFiles;
use super::load::{Linker, Loader, Stack};
use super::package::{EmbedSet, File, Graph, LoadError, Package, PackageId, Tests, Text};

/// The name of the file that is made for each test program.
pub const TEST_MAIN: &str = "_testmain.go";

/// What the main package of a test program imports besides what it tests.
const TEST_SUPPORT: &[&str] =
    &["fmt", "io", "os", "reflect", "runtime", "testing", "testing/internal/testdeps"];

impl Loader<'_> {
    /// Reads what the tests of these packages import, and what every test program does.
    pub(super) fn read_tests(&mut self, paths: &[String]) {
        let mut wanted: BTreeSet<String> = TEST_SUPPORT.iter().map(|&path| path.to_owned()).collect();
        for path in paths {
            let Some(read) = self.read.get(path) else { continue };
            let standard = read.found.as_ref().is_ok_and(|found| found.standard);
            for tests in [&read.package.tests, &read.package.xtests] {
                let imports = tests.imports.keys().filter(|import| *import != "C");
                wanted.extend(imports.map(|import| self.meant(path, standard, import)));
            }
        }
        self.read_all(wanted.into_iter().collect());
    }
}

impl Linker<'_> {
    /// Links what the tests of the roots import.
    pub(super) fn tests(&mut self) {
        if !self.loader.config.tests {
            return;
        }
        for &path in TEST_SUPPORT {
            let (id, _) = self.import(path, None, &mut Vec::new(), &[]);
            self.test_support.insert(path.to_owned(), PackageId(id));
        }
        for id in self.roots.clone() {
            let Some(read) = self.loader.read.get(&self.packages[id].import_path).cloned() else { continue };
            let path = &self.packages[id].import_path;
            let shown = [format!("{path} (test)"), format!("{path}_test")];
            self.packages[id].tests = self.tests_of(id, &read.package.tests, &shown[0]);
            self.packages[id].xtests = self.tests_of(id, &read.package.xtests, &shown[1]);
        }
    }

    fn tests_of(&mut self, id: usize, tests: &TestFiles, shown: &str) -> Tests {
        let mut stack: Stack = vec![(shown.to_owned(), None)];
        let (standard, dir) = (self.packages[id].standard, self.packages[id].dir.clone());
        let (embeds, mut error) = self.embedded(&dir, &tests.embeds, &stack);
        let mut imports = BTreeMap::new();
        let importer = self.packages[id].import_path.clone();
        for (path, at) in tests.imports.iter().filter(|(path, _)| *path != "C") {
            let meant = self.loader.meant(&importer, standard, path);
            let (dep, fault) = self.import(&meant, Some(id), &mut stack, at);
            // A command's own tests may import it.
            let fault = fault.filter(|_| meant != importer);
            error = error.or(fault);
            imports.insert(path.clone(), PackageId(dep));
        }
        Tests { files: tests.files.clone(), imports, embeds, error }
    }
}

/// The graph of the test program of `tested`, whose main package has the text `main`.
/// Its one root is that main package.
pub fn test_program(graph: &Graph, tested: PackageId, main: Arc<[u8]>) -> Graph {
    let mut builder = Builder::new(graph, tested);
    let main = builder.main(main);
    builder.new.packages.push(main);
    builder.new.roots.push(PackageId(builder.new.packages.len() - 1));
    builder.new
}

/// The graph of one package and all below it.
pub fn only(graph: &Graph, id: PackageId) -> Graph {
    let mut builder = Builder::new(graph, id);
    builder.with_tests = false;
    let place = builder.place(id, &mut Vec::new());
    builder.new.roots.push(place);
    builder.new
}

#[derive(Clone, Copy)]
enum Place {
    /// Its imports are being placed.
    Open,
    At(PackageId),
}

struct Builder<'a> {
    graph: &'a Graph,
    tested: PackageId,
    path: String,
    with_tests: bool,
    new: Graph,
    /// Where a package of the old graph is in the new one.
    places: BTreeMap<PackageId, Place>,
    /// Whether a package needs the one under test.
    affected: BTreeMap<PackageId, bool>,
}

impl<'a> Builder<'a> {
    fn new(graph: &'a Graph, tested: PackageId) -> Builder<'a> {
        Builder {
            graph,
            tested,
            path: graph.get(tested).import_path.clone(),
            with_tests: true,
            new: Graph { main_module: graph.main_module.clone(), ..Graph::default() },
            places: BTreeMap::new(),
            affected: BTreeMap::new(),
        }
    }

    fn main(&mut self, text: Arc<[u8]>) -> Package {
        let tested = self.graph.get(self.tested);
        let mut imports = BTreeMap::new();
        let under_test = self.place(self.tested, &mut Vec::new());
        if !tested.files.is_empty() || !tested.tests.files.is_empty() {
            imports.insert(self.path.clone(), under_test);
        }
        if !tested.xtests.files.is_empty() {
            let external = self.external(tested);
            imports.insert(external.import_path.clone(), self.push(external));
        }
        let mut implicit = Vec::new();
        for (path, &id) in &self.graph.test_support {
            let id = self.place(id, &mut Vec::new());
            match path.as_str() {
                "runtime" => implicit.push(id),
                _ => _ = imports.insert(path.clone(), id),
            }
        }
        let facts = Arc::new(FileFacts { package: "main".to_owned(), ..FileFacts::default() });
        Package {
            import_path: format!("{}.test", self.path),
            // The file is in no directory, as tracebacks show.
            dir: PathBuf::new(),
            name: "main".to_owned(),
            standard: tested.standard,
            module: tested.module.clone(),
            go_version: self.graph.get(self.graph.test_support["testing"]).go_version.clone(),
            files: vec![File { name: TEST_MAIN.to_owned(), path: None, text: Text::Here(text), facts }],
            imports,
            implicit,
            ..Package::default()
        }
    }

    /// The package of the `package p_test` files.
    fn external(&mut self, tested: &Package) -> Package {
        let tests = &tested.xtests;
        Package {
            import_path: format!("{}_test", self.path),
            dir: tested.dir.clone(),
            name: format!("{}_test", tested.name),
            standard: tested.standard,
            module: tested.module.clone(),
            go_version: tested.go_version.clone(),
            files: tests.files.clone(),
            imports: self.place_all(&tests.imports, &mut Vec::new()),
            embeds: tests.embeds.clone(),
            asm_files: Vec::new(),
            for_test: Some(self.path.clone()),
            incomplete: tests.error.is_some(),
            error: tests.error.clone(),
            ..Package::default()
        }
    }

    fn push(&mut self, package: Package) -> PackageId {
        self.new.packages.push(package);
        PackageId(self.new.packages.len() - 1)
    }

    fn place_all(
        &mut self,
        imports: &BTreeMap<String, PackageId>,
        way: &mut Vec<PackageId>,
    ) -> BTreeMap<String, PackageId> {
        imports.iter().map(|(path, &id)| (path.clone(), self.place(id, way))).collect()
    }

    /// Puts the package behind all it imports. `way` leads to it from the package under test.
    fn place(&mut self, id: PackageId, way: &mut Vec<PackageId>) -> PackageId {
        match self.places.get(&id) {
            Some(Place::At(place)) => return *place,
            Some(Place::Open) => return self.cycle(id, way),
            None => {}
        }
        self.places.insert(id, Place::Open);
        way.push(id);
        let mut package = self.graph.get(id).clone();
        if !self.with_tests {
        } else if id == self.tested {
            self.add_tests(&mut package);
        } else if self.needs_tested(id) {
            package.for_test = Some(self.path.clone());
        }
        package.imports = self.place_all(&package.imports, way);
        package.implicit = package.implicit.clone().into_iter().map(|id| self.place(id, way)).collect();
        package.dep_only = true;
        way.pop();
        let place = self.push(package);
        self.places.insert(id, Place::At(place));
        place
    }

    fn add_tests(&self, package: &mut Package) {
        let tests = &package.tests;
        if package.name == "main" {
            package.as_library = true;
            package.implicit.clear();
        }
        if tests.files.is_empty() {
            return;
        }
        package.for_test = Some(self.path.clone());
        package.files.extend(tests.files.clone());
        package.files.sort_by(|a, b| a.name.cmp(&b.name));
        package.imports.extend(tests.imports.clone());
        let EmbedSet { patterns } = &tests.embeds;
        package.embeds.patterns.extend(patterns.clone());
        if let Some(error) = &tests.error {
            package.error.get_or_insert(error.clone());
            package.incomplete = true;
        }
    }

    fn needs_tested(&mut self, id: PackageId) -> bool {
        if let Some(&known) = self.affected.get(&id) {
            return known;
        }
        self.affected.insert(id, id == self.tested);
        let graph = self.graph;
        let package = graph.get(id);
        let found = id == self.tested
            || package.imports.values().chain(&package.implicit).any(|&id| self.needs_tested(id));
        self.affected.insert(id, found);
        found
    }

    /// Tests inside the package import something that imports the package.
    fn cycle(&mut self, id: PackageId, way: &[PackageId]) -> PackageId {
        let path = |id: &PackageId| (self.graph.get(*id).import_path.clone(), None);
        let from = way.iter().position(|on_way| *on_way == id).unwrap_or(0);
        let stack = way[from..].iter().chain([&id]).map(path).collect();
        let error = LoadError {
            stack,
            text: "import cycle not allowed in test".to_owned(),
            is_cycle: true,
            ..LoadError::default()
        };
        self.push(Package {
            import_path: self.path.clone(),
            incomplete: true,
            error: Some(error),
            ..Package::default()
        })
    }
}
