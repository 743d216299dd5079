//! A program of two hand-made functions through the whole linker.

use super::*;
use crate::base::Interner;
use crate::object::{Code, CodeReloc, CodeRelocKind, Data, NumberedCode, NumberedData, Section};

/// `write(1, msg, len)`, `exit(7)`: what a program without a runtime can do.
struct Tiny {
    names: Interner,
    start: NumberedCode,
    main: NumberedCode,
    datas: Vec<NumberedData>,
    file: u32,
}

fn tiny() -> Tiny {
    let mut main =
        Code { name: "main.main".into(), align: 16, syms: vec!["main.message".into()], ..Code::default() };
    #[rustfmt::skip]
    main.bytes.extend([
        0xb8, 1, 0, 0, 0, // mov eax, 1
        0xbf, 1, 0, 0, 0, // mov edi, 1
        0x48, 0x8d, 0x35, 0, 0, 0, 0, // lea rsi, [rip + message]
        0xba, 3, 0, 0, 0, // mov edx, 3
        0x0f, 0x05, // syscall
        0xb8, 60, 0, 0, 0, // mov eax, 60
        0xbf, 7, 0, 0, 0, // mov edi, 7
        0x0f, 0x05, // syscall
        0x0f, 0x0b, // ud2
    ]);
    main.relocs.push(CodeReloc { offset: 13, kind: CodeRelocKind::PcRel32, target: 0, addend: -4 });
    let mut start = Code {
        name: "_rt0_amd64_linux".into(),
        align: 16,
        syms: vec!["main.main".into()],
        ..Code::default()
    };
    start.bytes.extend([0xe8, 0, 0, 0, 0, 0x0f, 0x0b]); // call main.main
    start.relocs.push(CodeReloc { offset: 1, kind: CodeRelocKind::PcRel32, target: 0, addend: -4 });
    let mut message = Data::new("main.message", Section::RoData, 1, 0);
    message.put(0, b"hi\n");
    let mut typ = Data::new("type:int", Section::TypeLink, 8, 64);
    typ.sort_key = "int".into();
    let moduledata = Data::new("runtime.firstmoduledata", Section::NoPtrBss, 8, 600);
    let mut names = Interner::default();
    let mut number = |name: &str| names.number(name);
    let datas = [message, typ, moduledata, Data::new("main.x", Section::Bss, 8, 64)];
    let datas = datas.iter().map(|data| NumberedData::new(data, &mut number)).collect();
    let (start, main) = (NumberedCode::new(&start, &mut number), NumberedCode::new(&main, &mut number));
    let file = number("/src/main.go");
    Tiny { start, main, datas, file, names }
}

pub(crate) fn moduledata_fields() -> Vec<(String, u64)> {
    let names = "pcHeader funcnametab cutab filetab pctab pclntable ftab findfunctab minpc maxpc text etext noptrdata \
                 enoptrdata data edata bss ebss noptrbss enoptrbss covctrs ecovctrs end gcdata gcbss types typedesclen \
                 etypes itaboffset itabsize rodata gofunc epclntab inittasks hasmain";
    let slices = ["funcnametab", "cutab", "filetab", "pctab", "pclntable", "ftab", "inittasks"];
    let mut at = 0;
    names
        .split_whitespace()
        .map(|name| {
            let here = at;
            at += if slices.contains(&name) { 24 } else { 8 };
            (name.to_owned(), here)
        })
        .collect()
}

fn job<'a>(tiny: &'a Tiny, fields: &'a [(String, u64)]) -> Job<'a> {
    let source = Some(Source { files: vec![tiny.file], start_line: 3 });
    Job {
        entry: "_rt0_amd64_linux",
        names: &tiny.names,
        funcs: vec![Func { code: &tiny.start, source: None }, Func { code: &tiny.main, source }],
        datas: &tiny.datas,
        inlined: Vec::new(),
        inits: Vec::new(),
        moduledata: fields,
        strings: &[],
        version: "go1.27.3",
        modinfo: "path\thi\nmod\thi\t(devel)\t\n",
        build_id: "abc/def",
        strip_symbols: false,
        strip_debug: false,
        trap_undefined: false,
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_tiny_program_runs() {
    let tiny = tiny();
    let fields = moduledata_fields();
    let image = link(&job(&tiny, &fields)).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("tiny");
    std::fs::write(&path, &image.bytes).unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(&path, mode).unwrap();
    if let Ok(keep) = std::env::var("KEEP_TINY") {
        std::fs::copy(&path, keep).unwrap();
    }
    let out = std::process::Command::new(&path).output().unwrap();
    assert_eq!(out.stdout, b"hi\n");
    assert_eq!(out.status.code(), Some(7));
}

#[test]
fn the_order_of_the_job_does_not_matter() {
    let tiny = tiny();
    let fields = moduledata_fields();
    let straight = link(&job(&tiny, &fields)).unwrap();
    let mut datas = tiny.datas.clone();
    datas.reverse();
    let mut turned = job(&tiny, &fields);
    turned.funcs.reverse();
    turned.datas = &datas;
    assert!(straight.bytes == link(&turned).unwrap().bytes);
}

#[test]
fn a_missing_symbol_is_a_fault_that_names_its_user() {
    let tiny = tiny();
    let fields = moduledata_fields();
    let mut without = job(&tiny, &fields);
    without.datas = &[];
    without.funcs.truncate(1);
    let faults = link(&without).err().unwrap();
    assert_eq!(faults[0].to_string(), "_rt0_amd64_linux: relocation target main.main not defined");
}
