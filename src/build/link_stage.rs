//! The last stage: from the packages of a program to its executable.
//!
//! The key names every package's outline, which names every body. The code of single functions is asked for inside, each
//! under its own key.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::analysis::Plan;
use super::pack::{self, Pack};
use super::planning::Lowered;
use super::program::{self, Program};
use super::stages::{Codegen, CodegenInput, Layouts, short};
use super::universe::FuncRef;
use crate::base::{ContentId, Digest, Hasher, Interner, digest, wire};
use crate::codegen::Backend;
use crate::engine::{Engine, Env, Stage};
use crate::modules::PackageId;
use crate::object::{self, NumberedCode};

/// Links one program.
pub struct Link;

pub struct LinkInput {
    pub import_path: String,
    /// Every package of the program with the id of its unit, in the order of paths.
    pub units: Vec<(String, ContentId)>,
    pub layouts: Layouts,
    pub backend_id: ContentId,
    /// What tracebacks show before the file names of each package.
    pub dirs: BTreeMap<String, String>,
    pub strings: Vec<(String, String)>,
    pub version: String,
    pub modinfo: String,
    pub build_id: Option<String>,
    pub strip_symbols: bool,
    pub strip_debug: bool,
    pub trap_undefined: bool,
    pub context: LinkContext,
}

/// What linking uses besides: the packages, and the way to each function's code.
pub struct LinkContext {
    pub engine: Arc<Engine>,
    pub backend: Arc<Backend>,
    pub lowered: Arc<Lowered>,
    /// The packages that `units` names.
    pub packages: BTreeSet<PackageId>,
}

impl Digest for LinkInput {
    fn digest(&self, h: &mut Hasher) {
        let LinkInput {
            import_path,
            units,
            layouts,
            backend_id,
            dirs,
            strings,
            version,
            modinfo,
            build_id,
            strip_symbols,
            strip_debug,
            trap_undefined,
            context: _,
        } = self;
        h.field("import_path", import_path)
            .field("units", units)
            .field("layouts", layouts)
            .field("backend_id", backend_id)
            .field("dirs", dirs)
            .field("strings", strings)
            .field("version", version)
            .field("modinfo", modinfo)
            .field("build_id", build_id)
            .field("strip_symbols", strip_symbols)
            .field("strip_debug", strip_debug)
            .field("trap_undefined", trap_undefined);
    }
}

/// A program, linked or not.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct LinkOutput {
    pub exe: Option<ContentId>,
    /// The linker's complaints; with traps for what is missing, what was missing.
    pub faults: Vec<String>,
}

impl Stage for Link {
    const NAME: &'static str = "link";
    const VERSION: u32 = 1;
    type Input = LinkInput;
    type Output = LinkOutput;

    fn subject(input: &LinkInput) -> String {
        input.import_path.clone()
    }

    fn inputs(input: &LinkInput) -> Vec<(String, String)> {
        let mut out: Vec<(String, String)> =
            input.units.iter().map(|(path, id)| (format!("package {path}"), short(id))).collect();
        out.push(("target and layouts".to_owned(), short(&input.backend_id)));
        out.push(("directories".to_owned(), short(&ContentId::of(&wire::encode(&input.dirs)))));
        out.push(("build info".to_owned(), short(&ContentId::of(input.modinfo.as_bytes()))));
        out.extend(input.strings.iter().map(|(name, value)| (format!("-X {name}"), value.clone())));
        out.push(("-s".to_owned(), input.strip_symbols.to_string()));
        out.push(("-w".to_owned(), input.strip_debug.to_string()));
        out
    }

    fn parts(output: &LinkOutput) -> Vec<ContentId> {
        output.exe.into_iter().collect()
    }

    fn is_final(output: &LinkOutput) -> bool {
        output.exe.is_some()
    }

    fn run(input: &LinkInput, env: &Env<'_>) -> LinkOutput {
        let LinkContext { engine, backend: _, lowered, packages } = &input.context;
        let plan = match lowered.plan(engine) {
            Ok(plan) => plan,
            Err(text) => return LinkOutput { exe: None, faults: vec![text] },
        };
        let field = |ty: &str, field: &str| {
            input.layouts.get(ty)?.iter().find(|(name, _)| name == field).map(|(_, offset)| *offset)
        };
        let codes = Codes { input, plan: &plan, failures: Mutex::default() };
        let shown_file = |package: &str, file: &str| -> String {
            match input.dirs.get(package) {
                Some(dir) if !file.starts_with('/') => format!("{dir}/{file}"),
                _ => file.to_owned(),
            }
        };
        // The program's name is what its content hangs on.
        let mut id = Hasher::new("build id");
        input.digest(&mut id);
        let build_id = input.build_id.clone().unwrap_or_else(|| ContentId(id.finish()).to_string());
        let result = program::link_program(&Program {
            universe: &plan.universe,
            includes: &|package| packages.contains(&package),
            data: &|at| plan.universe.read_data(at, engine.store()),
            compile: &|funcs, names| codes.get(funcs, names),
            field: &field,
            moduledata: input.layouts.get("moduledata").cloned().unwrap_or_default(),
            shown_file: &shown_file,
            strings: input.strings.clone(),
            version: &input.version,
            modinfo: &input.modinfo,
            build_id: &build_id,
            strip_symbols: input.strip_symbols,
            strip_debug: input.strip_debug,
            trap_undefined: input.trap_undefined,
        });
        let mut failures = codes.failures.into_inner().unwrap_or_else(|e| e.into_inner());
        failures.sort();
        match result {
            Ok(image) if failures.is_empty() || input.trap_undefined => {
                let missing = image.undefined.iter().map(|name| format!("{name} is not defined"));
                let faults = failures.into_iter().chain(missing).collect();
                LinkOutput { exe: Some(env.keep_plain(image.bytes)), faults }
            }
            Ok(_) => LinkOutput { exe: None, faults: failures },
            Err(faults) => {
                failures.extend(faults.iter().map(ToString::to_string));
                LinkOutput { exe: None, faults: failures }
            }
        }
    }
}

/// The way to the code of the program's functions: the pack of the last link, the store, the back end.
struct Codes<'a> {
    input: &'a LinkInput,
    plan: &'a Arc<Plan>,
    failures: Mutex<Vec<String>>,
}

/// Where a function's code came from.
enum Found {
    /// Numbered as the pack does.
    Packed(NumberedCode),
    Single(Arc<object::Code>),
}

/// A pack is made again when one function in so many is not in it.
const REPACK_AT: usize = 32;

impl Codes<'_> {
    fn get(&self, funcs: &[FuncRef], names: &mut Interner) -> Vec<NumberedCode> {
        let engine = &self.input.context.engine;
        let store = engine.store();
        let pack_name = self.pack_name();
        let pack = match engine.forced() {
            true => None,
            false => store.name(&pack_name).and_then(|id| store.read(id)).and_then(Pack::open),
        };
        let works: Vec<ContentId> = funcs.iter().map(|&at| self.plan.work(at)).collect();
        let found: Vec<Found> = funcs
            .par_iter()
            .zip(&works)
            .map(|(&at, &work)| {
                let packed = pack.as_ref().and_then(|pack| pack.code(pack.find(work)?));
                packed.map_or_else(|| Found::Single(self.single(at, work)), Found::Packed)
            })
            .collect();
        let numbers = pack.as_ref().map(|pack| pack.numbers(names)).unwrap_or_default();
        let mut n_single = 0;
        let codes: Vec<NumberedCode> = found
            .into_iter()
            .map(|found| match found {
                Found::Packed(mut code) => {
                    code.renumber(&mut |n| numbers.get(n as usize).copied().unwrap_or(0));
                    code
                }
                Found::Single(code) => {
                    n_single += 1;
                    NumberedCode::new(&code, &mut |name| names.number(name))
                }
            })
            .collect();
        engine.note_cached(Codegen::NAME, (codes.len() - n_single) as u64);
        let whole = lock(&self.failures).is_empty();
        if whole && n_single > 0 && (pack.is_none() || n_single * REPACK_AT > codes.len()) {
            let works: Vec<(ContentId, &NumberedCode)> = works.into_iter().zip(&codes).collect();
            store.set_name(&pack_name, store.put_plain(pack::pack(&works, names)));
        }
        codes
    }

    /// One pack for each program and back end; what it answers is right for any.
    fn pack_name(&self) -> String {
        let mut h = Hasher::new("pack");
        h.field("compiler", digest::COMPILER_ID).field("import_path", &self.input.import_path);
        h.field("backend_id", &self.input.backend_id);
        format!("pack {}", ContentId(h.finish()))
    }

    fn single(&self, at: FuncRef, work: ContentId) -> Arc<object::Code> {
        let universe = &self.plan.universe;
        let line = universe.func(at);
        let LinkContext { engine, backend, .. } = &self.input.context;
        let input = CodegenInput {
            name: universe.names.get(line.name).to_owned(),
            content: line.content,
            work,
            backend_id: self.input.backend_id,
            context: (backend.clone(), self.plan.clone(), at),
        };
        match engine.get::<Codegen>(&input) {
            Ok(done) => done.value,
            Err(error) => {
                lock(&self.failures).push(error.to_string());
                Arc::new(trap(input.name.into()))
            }
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|e| e.into_inner())
}

/// Stands for a function that could not be compiled, while a target is brought up.
fn trap(name: Arc<str>) -> object::Code {
    const UD2: [u8; 2] = [0x0f, 0x0b];
    object::Code { name, bytes: UD2.to_vec(), align: 16, ..object::Code::default() }
}
