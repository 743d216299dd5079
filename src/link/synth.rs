//! Data that only a linker can make: init tasks and their order, strings from outside, build info, the FIPS block.

use std::collections::HashMap;

use super::load::{Symbol, Symbols};
use super::{Job, buildinfo, init_order};
use crate::object::{Data, DataRelocKind, Section};

pub(super) const MODULEDATA: &str = "runtime.firstmoduledata";
pub(super) const MAIN_INITTASKS: &str = "go:main.inittasks";
pub(super) const BUILDINFO: &str = "go:buildinfo";
pub(super) const FIPSINFO: &str = "go:fipsinfo";

/// Adds it all.
pub(super) fn add(job: &Job<'_>, symbols: &mut Symbols<'_>) {
    add_init_tasks(job, symbols);
    add_strings(job, symbols);
    symbols.define(&with_bytes(
        BUILDINFO,
        Section::NoPtrData,
        16,
        buildinfo::blob(job.version, &buildinfo::framed_modinfo(job.modinfo)),
    ));
    symbols.define(&fips_block());
    if symbols.get("runtime.lastmoduledatap").is_some() {
        let mut last = Data::new("runtime.lastmoduledatap", Section::NoPtrData, 8, 8);
        last.pointer(0, MODULEDATA);
        symbols.define(&last);
    }
    // What a one-byte value in an interface points into.
    if symbols.get("runtime.staticuint64s").is_some() {
        let bytes = (0..256u64).flat_map(u64::to_le_bytes).collect();
        symbols.define(&with_bytes("runtime.staticuint64s", Section::RoData, 32, bytes));
    }
    // Nobody asks for the memory profile: the allocator need not sample.
    if symbols.get("runtime.disableMemoryProfiling").is_some()
        && symbols.get("runtime.memProfileInternal").is_none()
    {
        symbols.define(&with_bytes("runtime.disableMemoryProfiling", Section::NoPtrData, 1, vec![1]));
    }
    // In gc's runtime a line of assembly.
    if symbols.get("runtime.mainPC").is_none() && symbols.get("runtime.main").is_some() {
        let mut main = Data::new("runtime.mainPC", Section::RoData, 8, 8);
        main.pointer(0, "runtime.main");
        symbols.define(&main);
    }
}

fn with_bytes(name: &str, section: Section, align: u32, bytes: Vec<u8>) -> Data {
    let mut data = Data::new(name, section, align, bytes.len() as u64);
    data.bytes = bytes;
    data
}

fn task_name(package: &str) -> String {
    format!("{package}..inittask")
}

/// One task per package (`state:u32 n:u32 fn*n`), one list for the runtime's own packages, one for the program.
fn add_init_tasks(job: &Job<'_>, symbols: &mut Symbols<'_>) {
    let by_task: HashMap<String, &super::Init<'_>> =
        job.inits.iter().map(|init| (task_name(init.package), init)).collect();
    let imports: HashMap<&str, Vec<String>> = by_task
        .iter()
        .map(|(task, init)| {
            let deps = init.deps.iter().map(|dep| task_name(dep)).filter(|dep| by_task.contains_key(dep));
            (task.as_str(), deps.collect())
        })
        .collect();
    let order_from = |root: &str| -> Vec<String> {
        let Some((root, _)) = by_task.get_key_value(&task_name(root)) else { return Vec::new() };
        let order =
            init_order::schedule(&[root.as_str()], |task| imports[task].iter().map(String::as_str).collect());
        order.into_iter().filter(|task| !by_task[*task].funcs.is_empty()).map(str::to_owned).collect()
    };

    let program = order_from("main");
    let runtime = order_from("runtime");
    let mut tasks: Vec<&String> = program.iter().chain(&runtime).collect();
    tasks.sort_unstable();
    tasks.dedup();
    for task in tasks {
        let funcs = &by_task[task].funcs;
        let mut data = Data::new(task.as_str(), Section::NoPtrData, 8, 8);
        data.put(4, &(funcs.len() as u32).to_le_bytes());
        for (i, &func) in funcs.iter().enumerate() {
            data.pointer(8 + 8 * i as u64, func);
        }
        symbols.define(&data);
    }
    symbols.define(&list(MAIN_INITTASKS, &program));
    symbols.define(&list("go:runtime.inittasks", &runtime));
    if symbols.get("runtime.runtime_inittasks").is_some() {
        let mut slice = Data::new("runtime.runtime_inittasks", Section::NoPtrData, 8, 24);
        slice.pointer(0, "go:runtime.inittasks");
        slice.put(8, &(runtime.len() as u64).to_le_bytes());
        slice.put(16, &(runtime.len() as u64).to_le_bytes());
        symbols.define(&slice);
    }
}

fn list(name: &str, tasks: &[String]) -> Data {
    let mut data = Data::new(name, Section::NoPtrData, 8, 0);
    for (i, task) in tasks.iter().enumerate() {
        data.pointer(8 * i as u64, task.as_str());
    }
    data
}

/// String variables that get their value here; a variable the program does not have is passed over, as by gc.
fn add_strings(job: &Job<'_>, symbols: &mut Symbols<'_>) {
    let own = [
        ("runtime.buildVersion", job.version.as_bytes().to_vec()),
        ("runtime.modinfo", buildinfo::framed_modinfo(job.modinfo)),
    ];
    let given = job.strings.iter().map(|(name, value)| (name.as_str(), value.as_bytes().to_vec()));
    for (name, value) in own.into_iter().chain(given) {
        let Some(Symbol::Data(_)) = symbols.get(name) else { continue };
        let content = format!("{name}.str");
        let mut var = Data::new(name, Section::Data, 8, 16);
        if !value.is_empty() {
            var.pointer(0, content.as_str());
            var.put(8, &(value.len() as u64).to_le_bytes());
            symbols.define(&with_bytes(&content, Section::RoData, 1, value));
        }
        var.mark_pointer(0);
        symbols.define(&var);
    }
}

/// `magic:16 sum:32 self:u64 {start:u64 end:u64}*4`. The sum is zero: it is only looked at with `GODEBUG=fips140=on`.
fn fips_block() -> Data {
    let mut data = Data::new(FIPSINFO, Section::NoPtrData, 32, 120);
    data.put(0, b"\xff Go fipsinfo \xff\x00");
    data.reloc(48, DataRelocKind::Abs64, FIPSINFO, 0);
    data
}
