//! From the lowered packages of one program to its executable: what is needed, compiled, linked.
//!
//! ```text
//! units ──reach──▶ names ──compile (all threads)──▶ codes ──link──▶ image
//!              └ natives for what no package defines
//! ```

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use rayon::prelude::*;

use crate::codegen::natives::{self, NativeLayout};
use crate::link::reach::{Facts, Reach};
use crate::link::{self, Image, LinkFault};
use crate::{codegen, ir, object};

/// A program to put together.
pub struct Program<'a> {
    /// Every package, the command's own as `main`.
    pub units: &'a [&'a ir::Unit],
    /// The offset of a field of a struct of package runtime.
    pub field: &'a dyn Fn(&str, &str) -> Option<u64>,
    /// All fields of `runtime.moduledata`.
    pub moduledata: Vec<(String, u64)>,
    /// Compiles a function, or knows its code already.
    pub compile: &'a (dyn Fn(&Arc<ir::Func>) -> Arc<object::Code> + Sync),
    /// The name tracebacks show for a file of a package.
    pub shown_file: &'a dyn Fn(&str, &str) -> Arc<str>,
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

enum Def<'a> {
    Func(&'a ir::UnitFunc, &'a str),
    Data(&'a object::Data),
    Native(object::Code),
}

/// Links the program.
pub fn link_program(program: &Program<'_>) -> Result<Image, Vec<LinkFault>> {
    let native_data = natives::data();
    let defs = definitions(program, &native_data);
    let (live, natives) = reach(program, &defs);
    let mut funcs: Vec<(&ir::UnitFunc, &str)> = Vec::new();
    let mut datas: Vec<&object::Data> = Vec::new();
    for name in &live {
        match defs.get(&**name) {
            Some(Def::Func(func, package)) => funcs.push((func, package)),
            Some(Def::Data(_)) => {}
            Some(Def::Native(_)) | None => {}
        }
    }
    // Several packages may define one variable by linkname: the linker chooses, so it must see all.
    let all_datas = program.units.iter().flat_map(|unit| &unit.datas).chain(&native_data);
    let wanted: BTreeSet<&str> = live.iter().map(|name| &**name).collect();
    datas.extend(all_datas.filter(|data| wanted.contains(&*data.name)));

    let codes: Vec<Arc<object::Code>> =
        funcs.par_iter().map(|(func, _)| (program.compile)(&func.func)).collect();
    let shown = |func: &ir::UnitFunc, package: &str, file: &Arc<str>| match file.starts_with('<') {
        true => file.clone(),
        false => (program.shown_file)(&declaring_package(&func.func.name, package), file),
    };
    let source = |func: &ir::UnitFunc, package: &str| link::Source {
        files: func.meta.files.iter().map(|file| shown(func, package, file)).collect(),
        start_line: func.meta.start_line,
    };
    let mut job_funcs: Vec<link::Func<'_>> = codes
        .iter()
        .zip(&funcs)
        .map(|(code, (func, package))| link::Func { code, source: Some(source(func, package)) })
        .collect();
    job_funcs.extend(natives.values().filter_map(|def| match def {
        Def::Native(code) => Some(link::Func { code, source: None }),
        _ => None,
    }));
    let inlined = inlined_sources(&codes, &defs, &wanted, &source);
    let inits = program
        .units
        .iter()
        .map(|unit| link::Init {
            package: &unit.package,
            deps: unit.init_deps.iter().map(|dep| &**dep).collect(),
            funcs: unit.init_funcs.iter().map(|func| &**func).collect(),
        })
        .collect();
    link::link(&link::Job {
        entry: natives::ENTRY,
        funcs: job_funcs,
        datas,
        inlined,
        inits,
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

/// The package whose files a function's lines are in: that of its unit, but an instance's is the generic function's own.
fn declaring_package(symbol: &str, unit: &str) -> String {
    let Some(bracket) = symbol.find('[') else { return unit.to_owned() };
    let generic = &symbol[..bracket];
    let last = generic.rfind('/').map_or(0, |at| at + 1);
    match generic[last..].find('.') {
        Some(dot) => generic[..last + dot].replace("%2e", "."),
        None => unit.to_owned(),
    }
}

/// Every definition by name; of equal ones the first, of variables the one with content.
fn definitions<'a>(program: &Program<'a>, native_data: &'a [object::Data]) -> HashMap<&'a str, Def<'a>> {
    let mut defs: HashMap<&str, Def<'_>> = HashMap::new();
    for unit in program.units {
        for func in &unit.funcs {
            defs.entry(&func.func.name).or_insert(Def::Func(func, &unit.package));
        }
        for data in &unit.datas {
            match defs.get(&*data.name) {
                Some(Def::Data(have)) if !have.section.is_zero() || data.section.is_zero() => {}
                Some(Def::Func(..)) => {}
                _ => {
                    defs.insert(&data.name, Def::Data(data));
                }
            }
        }
    }
    for data in native_data {
        // These have content that the declaration in Go does not show.
        defs.insert(&data.name, Def::Data(data));
    }
    defs
}

/// The names the program needs, and the natives among them.
fn reach<'a>(
    program: &Program<'a>,
    defs: &HashMap<&'a str, Def<'a>>,
) -> (Vec<Arc<str>>, BTreeMap<Arc<str>, Def<'a>>) {
    let layout = NativeLayout::new(|ty, field| {
        (program.field)(ty, field).unwrap_or_else(|| panic!("runtime.{ty} has no field {field}")) as u32
    });
    let mut natives: BTreeMap<Arc<str>, Def<'a>> = BTreeMap::new();
    let mut reach = Reach::new(ROOTS.iter().copied());
    for unit in program.units {
        unit.init_funcs.iter().for_each(|func| reach.mark_root(func));
    }
    program.strings.iter().for_each(|(name, _)| reach.mark_root(name));
    while let Some(name) = reach.next() {
        let facts = match defs.get(&*name) {
            Some(Def::Func(func, _)) => {
                let mut facts = Facts::of_func(&func.func);
                facts.names.extend(codegen::implicit_symbols(&func.func).into_iter().map(Arc::from));
                facts
            }
            Some(Def::Data(data)) => Facts::of_data(data),
            Some(Def::Native(_)) | None => match natives::native(&name, &layout) {
                Some(code) => {
                    let facts = Facts { names: code.syms.clone(), ..Facts::default() };
                    natives.insert(name.clone(), Def::Native(code));
                    facts
                }
                // The linker says what is missing, and to whom.
                None => Facts::default(),
            },
        };
        reach.visit(&name, &facts);
    }
    (reach.finish(), natives)
}

/// Where the functions are that live in others only.
fn inlined_sources<'a>(
    codes: &'a [Arc<object::Code>],
    defs: &HashMap<&'a str, Def<'a>>,
    linked: &BTreeSet<&str>,
    source: &dyn Fn(&ir::UnitFunc, &str) -> link::Source,
) -> Vec<(&'a str, link::Source)> {
    let mut names: BTreeSet<&str> = BTreeSet::new();
    for code in codes {
        names.extend(code.sites.iter().map(|site| &*code.syms[site.callee as usize]));
    }
    names.retain(|name| !linked.contains(name));
    names
        .into_iter()
        .filter_map(|name| match defs.get(name) {
            Some(Def::Func(func, package)) => Some((name, source(func, package))),
            _ => None,
        })
        .collect()
}
