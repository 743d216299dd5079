//! From the outlines of one program to its executable: what is needed, compiled, linked.
//!
//! ```text
//! outlines ──reach──▶ names ──compile (all threads)──▶ codes ──link──▶ image
//!                 └ natives for what no package defines
//! ```

use std::cell::RefCell;
use std::collections::BTreeMap;

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use super::universe::{DataRef, FuncRef, Index, Universe};
use crate::base::Interner;
use crate::codegen::natives::{self, NativeLayout};
use crate::link::reach::Reach;
use crate::link::{self, Image, LinkFault};
use crate::modules::PackageId;
use crate::object::{NumberedCode, NumberedData};

/// Gives the code of functions, in their order, with the numbers of the names beside them.
pub type Compile<'a> = &'a dyn Fn(&[FuncRef], &mut Interner) -> Vec<NumberedCode>;

/// A program to put together.
pub struct Program<'a> {
    pub universe: &'a Universe,
    /// Which packages belong to it, the command's own among them.
    pub includes: &'a dyn Fn(PackageId) -> bool,
    /// Reads a data symbol.
    pub data: &'a (dyn Fn(DataRef) -> NumberedData + Sync),
    /// Compiles functions, or knows their code already.
    pub compile: Compile<'a>,
    /// The offset of a field of a struct of package runtime.
    pub field: &'a dyn Fn(&str, &str) -> Option<u64>,
    /// All fields of `runtime.moduledata`.
    pub moduledata: Vec<(String, u64)>,
    /// The name tracebacks show for a file of a package.
    pub shown_file: &'a dyn Fn(&str, &str) -> String,
    /// Values of string variables (`-X`): symbol and value.
    pub strings: Vec<(String, String)>,
    pub version: &'a str,
    pub modinfo: &'a str,
    pub build_id: &'a str,
    pub strip_symbols: bool,
    pub strip_debug: bool,
    /// See [`link::Job::trap_undefined`].
    pub trap_undefined: bool,
}

/// What the linker and the runtime use without a function naming it.
const ROOTS: &[&str] = &[
    natives::ENTRY,
    "main.main",
    "runtime.buildVersion",
    "runtime.firstmoduledata",
    "runtime.lastmoduledatap",
    "runtime.main",
    "runtime.modinfo",
    "runtime.runtime_inittasks",
    "runtime.unreachableMethod",
    "runtime.zerobase",
];

/// What is in the program.
struct Live {
    funcs: Vec<FuncRef>,
    datas: Vec<DataRef>,
    /// Everything reached, by number.
    names: Vec<bool>,
    /// Made here: code and data that no package defines, by name.
    natives: BTreeMap<String, NumberedCode>,
    native_datas: Vec<NumberedData>,
}

/// Links the program.
pub fn link_program(program: &Program<'_>) -> Result<Image, Vec<LinkFault>> {
    let universe = program.universe;
    let index = Index::new(universe, program.includes);
    let mut names = universe.names.clone();
    let live = reach(program, &index, &mut names);
    let codes = (program.compile)(&live.funcs, &mut names);
    let mut datas: Vec<NumberedData> = live.datas.par_iter().map(|&at| (program.data)(at)).collect();
    datas.extend(live.native_datas);

    let mut sources = Sources { program, shown: FxHashMap::default() };
    let mut funcs: Vec<link::Func<'_>> = Vec::with_capacity(codes.len() + live.natives.len());
    for (code, &at) in codes.iter().zip(&live.funcs) {
        funcs.push(link::Func { code, source: Some(sources.of(at, &mut names)) });
    }
    funcs.extend(live.natives.values().map(|code| link::Func { code, source: None }));
    // Where the functions are that live in others only.
    let mut inlined = Vec::new();
    let mut seen = FxHashSet::default();
    for code in &codes {
        for site in &code.sites {
            let name = code.syms[site.callee as usize];
            if !live.names.get(name as usize).copied().unwrap_or(false)
                && seen.insert(name)
                && let Some(at) = index.func(name)
            {
                inlined.push((name, sources.of(at, &mut names)));
            }
        }
    }
    link::link(&link::Job {
        entry: natives::ENTRY,
        names: &names,
        funcs,
        datas: &datas,
        inlined,
        inits: inits(program),
        moduledata: &program.moduledata,
        strings: &program.strings,
        version: program.version,
        modinfo: program.modinfo,
        build_id: program.build_id,
        strip_symbols: program.strip_symbols,
        strip_debug: program.strip_debug,
        trap_undefined: program.trap_undefined,
    })
}

/// The parts of the program, each with its source.
fn parts<'a>(program: &'a Program<'_>) -> impl Iterator<Item = (&'a super::universe::Source, usize)> {
    let sources = program.universe.sources.iter();
    let all = sources.flat_map(|source| (0..source.packages.len()).map(move |part| (source, part)));
    all.filter(|(source, part)| (program.includes)(source.packages[*part]))
}

fn inits<'a>(program: &'a Program<'_>) -> Vec<link::Init<'a>> {
    let names = &program.universe.names;
    parts(program)
        .map(|(source, part)| {
            let ids = &source.outline.ids;
            let part = &source.outline.parts[part];
            link::Init {
                package: names.get(part.package),
                deps: part.init_deps.of(ids).iter().map(|&dep| names.get(dep)).collect(),
                funcs: part.init_funcs.of(ids).iter().map(|&func| names.get(func)).collect(),
            }
        })
        .collect()
}

/// What the program needs.
fn reach(program: &Program<'_>, index: &Index, names: &mut Interner) -> Live {
    let universe = program.universe;
    let layout = NativeLayout::new(|ty, field| {
        (program.field)(ty, field).unwrap_or_else(|| panic!("runtime.{ty} has no field {field}")) as u32
    });
    // These have content that the declaration in Go does not show.
    let native_datas: FxHashMap<u32, NumberedData> = natives::data()
        .iter()
        .map(|data| NumberedData::new(data, &mut |name| names.number(name)))
        .map(|data| (data.name, data))
        .collect();
    let mut natives: BTreeMap<String, NumberedCode> = BTreeMap::new();
    let roots: Vec<u32> = ROOTS
        .iter()
        .copied()
        .chain(program.strings.iter().map(|(name, _)| name.as_str()))
        .map(|name| names.number(name))
        .collect();
    let names = RefCell::new(names);
    let is_type_name = |name: u32| names.borrow().get(name).starts_with("type:");
    let mut reach = Reach::new(&is_type_name);
    roots.into_iter().for_each(|root| reach.root(root));
    for (source, part) in parts(program) {
        let part = &source.outline.parts[part];
        part.init_funcs.of(&source.outline.ids).iter().for_each(|&func| reach.root(func));
    }
    while let Some(name) = reach.next() {
        if let Some(data) = native_datas.get(&name) {
            data.relocs.iter().for_each(|reloc| reach.root(reloc.target));
        } else if let Some(at) = index.func(name) {
            reach.visit(name, &universe.func_node(at));
        } else if let Some(at) = definition(universe, index, name) {
            reach.visit(name, &universe.data_node(at));
        } else {
            let text = names.borrow().get(name).to_owned();
            // The linker says what is missing, and to whom.
            let Some(code) = natives::native(&text, &layout) else { continue };
            let code = NumberedCode::new(&code, &mut |name| names.borrow_mut().number(name));
            code.syms.iter().for_each(|&sym| reach.root(sym));
            natives.insert(text, code);
        }
    }
    let reached = reach.finish();
    let mut live = Live {
        funcs: Vec::new(),
        datas: Vec::new(),
        names: vec![false; reached.last().map_or(0, |last| *last as usize + 1)],
        natives,
        native_datas: Vec::new(),
    };
    for name in reached {
        live.names[name as usize] = true;
        live.native_datas.extend(native_datas.get(&name).cloned());
        if !native_datas.contains_key(&name) {
            live.funcs.extend(index.func(name));
        }
        // Several packages may define one variable by linkname: the linker chooses, so it must see all.
        live.datas.extend(index.datas(name));
    }
    live
}

/// Of several definitions of a variable, one with content.
fn definition(universe: &Universe, index: &Index, name: u32) -> Option<DataRef> {
    index.datas(name).find(|at| !universe.data(*at).is_zero).or_else(|| index.datas(name).next())
}

/// Where functions are, as tracebacks show it.
struct Sources<'a> {
    program: &'a Program<'a>,
    /// By the package and the file's name.
    shown: FxHashMap<(u32, u32), u32>,
}

impl Sources<'_> {
    fn of(&mut self, at: FuncRef, names: &mut Interner) -> link::Source {
        let universe = self.program.universe;
        let line = universe.func(at);
        let package = match declaring_package(universe.names.get(line.name)) {
            Some(path) => names.number(&path),
            None => universe.part(at).package,
        };
        let files = universe.ids(at, line.files);
        let files = files.iter().map(|&file| {
            *self.shown.entry((package, file)).or_insert_with(|| {
                let text = universe.names.get(file);
                if text.starts_with('<') {
                    return file;
                }
                let shown = (self.program.shown_file)(names.get(package), text);
                names.number(&shown)
            })
        });
        link::Source { files: files.collect(), start_line: line.start_line }
    }
}

/// The package whose files the lines of an instance are in: the generic function's own, not that of its unit.
fn declaring_package(symbol: &str) -> Option<String> {
    let generic = &symbol[..symbol.find('[')?];
    let last = generic.rfind('/').map_or(0, |at| at + 1);
    let dot = generic[last..].find('.')?;
    Some(generic[..last + dot].replace("%2e", "."))
}
