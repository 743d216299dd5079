//! Keys: every input of every stage changes the key when it changes, and nothing else does.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use super::analysis::Plan;
use super::library::Library;
use super::link_stage::{Link, LinkContext, LinkInput};
use super::planning::Lowered;
use super::stages::*;
use super::universe::{FuncRef, Universe};
use super::workspace::{Closures, Workspace};
use crate::base::digest::Bytes;
use crate::base::world::MemoryWorld;
use crate::base::{ContentId, Key};
use crate::codegen::Effort;
use crate::engine::{Engine, History, Stage, key_of};
use crate::modules::{Graph, PackageId};
use crate::store::Store;
use crate::target::Target;

fn id(n: u8) -> ContentId {
    ContentId([n; 32])
}

/// Changes one input at a time and wants a new key each time.
#[track_caller]
fn every_change_shows<S: Stage>(make: impl Fn() -> S::Input, changes: &[(&str, &dyn Fn(&mut S::Input))]) {
    let base = key_of::<S>(&make());
    assert_eq!(base, key_of::<S>(&make()), "equal inputs have equal keys");
    let mut seen: BTreeMap<Key, &str> = BTreeMap::from([(base, "nothing")]);
    for (name, change) in changes {
        let mut input = make();
        change(&mut input);
        if let Some(other) = seen.insert(key_of::<S>(&input), name) {
            panic!("{}: changing {name} gives the same key as changing {other}", S::NAME);
        }
    }
}

fn workspace(root: &str) -> Arc<Workspace> {
    let (store, world) = (Arc::new(Store::in_memory()), MemoryWorld::new(root));
    Arc::new(Workspace::new(Graph::default(), Target::host(), Path::new(root), store, Arc::new(world)))
}

fn layouts() -> Layouts {
    let names = ["stackguard0", "thermosCtx", "thermosOverflow", "thermosCheckX", "thermosCheckY"];
    let fields = names.iter().enumerate().map(|(i, name)| ((*name).to_owned(), i as u64 * 8)).collect();
    BTreeMap::from([("g".to_owned(), fields)])
}

fn scan_input() -> ScanInput {
    ScanInput { name: "a.go".to_owned(), content: id(1), context: Arc::from(&b""[..]) }
}

#[test]
fn scan() {
    every_change_shows::<ScanFile>(scan_input, &[("content", &|i| i.content = id(2))]);
    let mut elsewhere = scan_input();
    elsewhere.name = "/other/checkout/a.go".to_owned();
    assert_eq!(key_of::<ScanFile>(&scan_input()), key_of::<ScanFile>(&elsewhere), "a place is no input");
}

fn package_input() -> PackageInput {
    PackageInput {
        import_path: "m/p".to_owned(),
        symbol_path: "m/p".to_owned(),
        go_version: "go1.27".to_owned(),
        target: "linux/amd64".to_owned(),
        files: vec![("a.go".to_owned(), id(1)), ("b.go".to_owned(), id(2))],
        embeds: vec![("e".to_owned(), id(3))],
        embed_patterns: vec![("*".to_owned(), vec!["e".to_owned()])],
        imports: vec![("fmt".to_owned(), ("fmt".to_owned(), id(4)))],
        workspace: (workspace("/go"), PackageId(0)),
    }
}

#[test]
fn package() {
    every_change_shows::<CheckAndLower>(
        package_input,
        &[
            ("import path", &|i| i.import_path = "m/q".to_owned()),
            ("symbol path", &|i| i.symbol_path = "main".to_owned()),
            ("language version", &|i| i.go_version = "go1.21".to_owned()),
            ("target", &|i| i.target = "linux/arm64".to_owned()),
            ("a file's content", &|i| i.files[0].1 = id(9)),
            ("a file's name", &|i| i.files[0].0 = "c.go".to_owned()),
            ("one file less", &|i| drop(i.files.pop())),
            ("contents changed places", &|i| {
                i.files = vec![("a.go".to_owned(), id(2)), ("b.go".to_owned(), id(1))]
            }),
            ("an embedded file", &|i| i.embeds[0].1 = id(9)),
            ("an embedded file's name", &|i| i.embeds[0].0 = "f".to_owned()),
            ("a pattern", &|i| i.embed_patterns[0].0 = "e*".to_owned()),
            ("what a pattern names", &|i| i.embed_patterns[0].1.push("g".to_owned())),
            ("an interface", &|i| i.imports[0].1.1 = id(9)),
            ("the package meant", &|i| i.imports[0].1.0 = "vendor/fmt".to_owned()),
            ("the path as written", &|i| i.imports[0].0 = "f".to_owned()),
        ],
    );
    let mut elsewhere = package_input();
    elsewhere.workspace = (workspace("/another/go"), PackageId(7));
    assert_eq!(
        key_of::<CheckAndLower>(&package_input()),
        key_of::<CheckAndLower>(&elsewhere),
        "a place is no input"
    );
}

fn plan() -> Arc<Plan> {
    Arc::new(Plan::new(Universe::default(), Closures::default(), Arc::new(Store::in_memory())))
}

fn analyze_input() -> AnalyzeInput {
    AnalyzeInput {
        import_path: "m/p".to_owned(),
        unit: id(1),
        externals: vec![("g".to_owned(), (Bytes(vec![1]), Some(id(2))))],
        context: (plan(), 0),
    }
}

#[test]
fn analyze() {
    every_change_shows::<Analyze>(
        analyze_input,
        &[
            ("the outline", &|i| i.unit = id(9)),
            ("a function elsewhere", &|i| i.externals[0].0 = "h".to_owned()),
            ("its facts", &|i| i.externals[0].1.0 = Bytes(vec![2])),
            ("its body", &|i| i.externals[0].1.1 = Some(id(9))),
            ("whether it may be inlined", &|i| i.externals[0].1.1 = None),
            ("one function more", &|i| i.externals.push(("z".to_owned(), (Bytes(vec![]), None)))),
        ],
    );
    let mut renamed = analyze_input();
    renamed.import_path = "other/m/p".to_owned();
    assert_eq!(
        key_of::<Analyze>(&analyze_input()),
        key_of::<Analyze>(&renamed),
        "symbols are in the outline"
    );
}

fn codegen_input() -> CodegenInput {
    let layouts = layouts();
    let (back_end, backend_id) = backend(Target::new("linux", "amd64").unwrap(), &layouts, Effort::Full);
    CodegenInput {
        name: "f".to_owned(),
        content: id(1),
        work: id(2),
        backend_id,
        context: (back_end, plan(), FuncRef { source: 0, func: 0 }),
    }
}

#[test]
fn codegen() {
    every_change_shows::<Codegen>(
        codegen_input,
        &[
            ("the function and what it may look at", &|i| i.work = id(9)),
            ("the back end", &|i| i.backend_id = id(9)),
        ],
    );
    let target = Target::new("linux", "amd64").unwrap();
    let mut other = layouts();
    other.get_mut("g").unwrap()[0].1 = 800;
    let ids = [
        backend(target, &layouts(), Effort::Full).1,
        backend(target, &layouts(), Effort::Quick).1,
        backend(target, &other, Effort::Full).1,
    ];
    assert!(ids[0] != ids[1] && ids[0] != ids[2], "effort and offsets are part of the back end");
}

fn link_input() -> LinkInput {
    let layouts = layouts();
    let (back_end, backend_id) = backend(Target::new("linux", "amd64").unwrap(), &layouts, Effort::Full);
    let store = Arc::new(Store::in_memory());
    LinkInput {
        import_path: "m".to_owned(),
        units: vec![("main".to_owned(), id(1))],
        layouts,
        backend_id,
        dirs: BTreeMap::from([("main".to_owned(), "/m".to_owned())]),
        strings: vec![("main.V".to_owned(), "1".to_owned())],
        version: "go1.27.3".to_owned(),
        modinfo: "path\tm\n".to_owned(),
        build_id: None,
        strip_symbols: false,
        strip_debug: false,
        trap_undefined: false,
        context: LinkContext {
            engine: Arc::new(Engine::new(store, History::default(), false)),
            backend: back_end,
            lowered: Arc::new(Lowered::new(workspace("/go"), Vec::new(), Library::default())),
            packages: BTreeSet::new(),
        },
    }
}

#[test]
fn link() {
    every_change_shows::<Link>(
        link_input,
        &[
            ("the import path", &|i| i.import_path = "n".to_owned()),
            ("a unit", &|i| i.units[0].1 = id(9)),
            ("one more unit", &|i| i.units.push(("os".to_owned(), id(2)))),
            ("layouts", &|i| i.layouts.get_mut("g").unwrap()[0].1 = 800),
            ("the back end", &|i| i.backend_id = id(9)),
            ("directories", &|i| drop(i.dirs.insert("main".to_owned(), "/n".to_owned()))),
            ("-X", &|i| i.strings[0].1 = "2".to_owned()),
            ("the version", &|i| i.version = "go1.28".to_owned()),
            ("build info", &|i| i.modinfo.push_str("build\t-tags=x\n")),
            ("the build id", &|i| i.build_id = Some("x".to_owned())),
            ("-s", &|i| i.strip_symbols = true),
            ("-w", &|i| i.strip_debug = true),
            ("traps", &|i| i.trap_undefined = true),
        ],
    );
}
