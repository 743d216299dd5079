//! A program with a runtime of a few lines: the natives that switch stacks, compiled functions and the linker together.

use std::sync::Arc;

use super::outline::{Split, split};
use super::program::{Program, link_program};
use super::universe::Universe;
use crate::base::{archive, wire};
use crate::codegen::{self, Backend, Effort, RuntimeLayout, Scratch};
use crate::modules::PackageId;
use crate::object::{self, DataReloc, DataRelocKind, NumberedCode, Section};
use crate::target::Target;
use crate::{ir, link};

/// The fields of the little runtime's structs.
const FIELDS: &[(&str, &str, u64)] = &[
    ("stack", "lo", 0),
    ("stack", "hi", 8),
    ("gobuf", "sp", 0),
    ("gobuf", "pc", 8),
    ("gobuf", "g", 16),
    ("gobuf", "ctxt", 24),
    ("gobuf", "bp", 40),
    ("g", "stack", 0),
    ("g", "stackguard0", 16),
    ("g", "stackguard1", 24),
    ("g", "m", 48),
    ("g", "sched", 56),
    ("g", "thermosCtx", 112),
    ("g", "thermosOverflow", 120),
    ("g", "thermosCheckX", 128),
    ("g", "thermosCheckY", 136),
    ("g", "sig", 144),
    ("g", "sigcode0", 152),
    ("g", "sigcode1", 160),
    ("g", "sigpc", 168),
    ("m", "g0", 0),
    ("m", "procid", 8),
    ("m", "tls", 16),
    ("m", "gsignal", 64),
    ("m", "curg", 72),
    ("m", "p", 80),
    ("p", "wbBuf", 0),
    ("wbBuf", "next", 0),
    ("wbBuf", "end", 8),
];

/// One goroutine that goes through every kind of switch and prints a letter at each.
const RUNTIME: &str = r#"
func "runtime.check"() -> () nosplit {
block0:
  return
}
func "runtime.args"(i32, ptr) -> () nosplit {
block0(v0: i32, v1: ptr):
  return
}
func "runtime.osinit"() -> () nosplit {
block0:
  v0: ptr = sym_addr "runtime.a·f"
  call "runtime.systemstack"(v0) : winch (ptr) -> ()
  return
}
func "runtime.schedinit"() -> () nosplit {
block0:
  return
}
func "runtime.put"(i64) -> () nosplit {
  slot0 = 8 align 8
block0(v0: i64):
  v1: ptr = slot_addr slot0
  store v1, v0
  v2: i64 = iconst 1
  v3: i32 = iconst 1
  v4: i32 = call "runtime.write1"(v2, v1, v3) : (i64, ptr, i32) -> (i32)
  return
}
func "runtime.a"() -> () nosplit {
block0:
  v0: i64 = iconst 97
  call "runtime.put"(v0) : (i64) -> ()
  return
}
func "runtime.newproc"(ptr) -> () nosplit {
block0(v0: ptr):
  v1: ptr = sym_addr "runtime.g1"
  v2: ptr = sym_addr "runtime.g1stack"
  v3: i64 = iconst 65536
  v4: ptr = ptr_add v2, v3
  store v1, v2
  store v1 + 8, v4
  v5: i64 = iconst 4096
  v6: ptr = ptr_add v2, v5
  store v1 + 16, v6
  v7: ptr = sym_addr "runtime.m0"
  store v1 + 48, v7
  store v7 + 72, v1
  v8: i64 = iconst -72
  v9: ptr = ptr_add v4, v8
  v10: ptr = sym_addr "runtime.goexit" + 1
  store v9, v10
  store v1 + 56, v9
  v11: ptr = load v0
  store v1 + 64, v11
  store v1 + 72, v1
  store v1 + 80, v0
  return
}
func "runtime.mstart0"() -> () nosplit {
block0:
  v0: i64 = caller_sp
  v1: ptr = get_g
  store v1 + 56, v0
  v2: ptr = sym_addr "runtime.g1" + 56
  call "runtime.gogo"(v2) : winch (ptr) -> ()
  unreachable
}
func "runtime.main"() -> () {
block0:
  v0: ptr = closure_ptr
  v1: ptr = sym_addr "runtime.mainPC"
  v2: i8 = icmp eq v0, v1
  brif v2, block1, block2
block1:
  v3: i64 = iconst 109
  call "runtime.put"(v3) : (i64) -> ()
  v4: ptr = sym_addr "runtime.s·f"
  call "runtime.systemstack"(v4) : winch (ptr) -> ()
  v5: ptr = get_g
  v6: i64 = iconst -1314
  store v5 + 16, v6
  v7: i64 = iconst 1
  v8: i64 = iconst 2
  v9: i64 = iconst 3
  v10: f64 = f64const 0x4012000000000000
  v11: i64 = call "runtime.sum"(v7, v8, v9, v10) : (i64, i64, i64, f64) -> (i64)
  call "runtime.put"(v11) : (i64) -> ()
  v12: ptr = sym_addr "runtime.y·f"
  call "runtime.mcall"(v12) : winch (ptr) -> ()
  v13: i64 = iconst 122
  call "runtime.put"(v13) : (i64) -> ()
  return
block2:
  unreachable
}
func "runtime.s"() -> () {
block0:
  v0: ptr = get_g
  v1: ptr = sym_addr "runtime.g0"
  v2: i8 = icmp eq v0, v1
  brif v2, block1, block2
block1:
  v3: i64 = iconst 115
  call "runtime.put"(v3) : (i64) -> ()
  v4: ptr = sym_addr "runtime.a·f"
  call "runtime.systemstack"(v4) : winch (ptr) -> ()
  return
block2:
  unreachable
}
func "runtime.sum"(i64, i64, i64, f64) -> (i64) noinline {
block0(v0: i64, v1: i64, v2: i64, v3: f64):
  v4: i64 = iadd v0, v1
  v5: i64 = iadd v4, v2
  v6: i64 = to_sint v3
  v7: i64 = iadd v5, v6
  v8: i64 = iconst 90
  v9: i64 = iadd v7, v8
  return v9
}
func "runtime.newstack"() -> () {
block0:
  v0: i64 = iconst 110
  call "runtime.put"(v0) : (i64) -> ()
  v1: ptr = sym_addr "runtime.g1"
  v2: ptr = sym_addr "runtime.g1stack"
  store v1 + 16, v2
  v3: ptr = sym_addr "runtime.g1" + 56
  call "runtime.gogo"(v3) : winch (ptr) -> ()
  unreachable
}
func "runtime.y"(ptr) -> () {
block0(v0: ptr):
  v1: ptr = sym_addr "runtime.g1"
  v2: i8 = icmp eq v0, v1
  brif v2, block1, block2
block1:
  v3: i64 = iconst 121
  call "runtime.put"(v3) : (i64) -> ()
  v4: ptr = sym_addr "runtime.g1" + 56
  call "runtime.gogo"(v4) : winch (ptr) -> ()
  unreachable
block2:
  unreachable
}
func "runtime.goexit1"() -> () {
block0:
  v0: i64 = iconst 10
  call "runtime.put"(v0) : (i64) -> ()
  v1: i32 = iconst 3
  call "runtime.exit"(v1) : (i32) -> ()
  unreachable
}
"#;

fn field(ty: &str, name: &str) -> Option<u64> {
    FIELDS.iter().find(|f| f.0 == ty && f.1 == name).map(|f| f.2)
}

fn unit() -> ir::Unit {
    let funcs: Vec<ir::Func> = ir::parse(RUNTIME).unwrap();
    let meta = ir::FuncMeta { files: vec!["rt.go".into()], start_line: 1 };
    let mut datas = Vec::new();
    for (name, size) in
        [("g0", 256), ("g1", 256), ("m0", 256), ("g1stack", 65536), ("vdsoClockgettimeSym", 8)]
    {
        datas.push(object::Data::new(format!("runtime.{name}"), Section::NoPtrBss, 16, size));
    }
    for name in ["a", "s", "y"] {
        let mut value = object::Data::new(format!("runtime.{name}·f"), Section::RoData, 8, 8);
        let target = format!("runtime.{name}").into();
        value.relocs.push(DataReloc { offset: 0, kind: DataRelocKind::Abs64, target, addend: 0 });
        datas.push(value);
    }
    datas.push(object::Data::new("runtime.firstmoduledata", Section::NoPtrBss, 8, 600));
    ir::Unit {
        package: "runtime".into(),
        funcs: funcs.into_iter().map(|f| ir::UnitFunc { func: Arc::new(f), meta: meta.clone() }).collect(),
        datas,
        ..ir::Unit::default()
    }
}

#[test]
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
fn a_goroutine_goes_through_every_switch() {
    let unit = unit();
    let at = |name: &str| field("g", name).unwrap() as i32;
    let layout = RuntimeLayout {
        stackguard0: at("stackguard0"),
        ctx: at("thermosCtx"),
        overflow: at("thermosOverflow"),
        check_x: at("thermosCheckX"),
        check_y: at("thermosCheckY"),
    };
    let backend = Backend::new(Target::new("linux", "amd64").unwrap(), layout, Effort::Full);
    let Split { outline, bodies: _, datas } = split(&unit);
    let mut universe = Universe::new(None, &|_| PackageId(0));
    universe.add(outline, PackageId(0));
    let program = Program {
        universe: &universe,
        includes: &|_| true,
        // One source only: its numbers are the universe's.
        data: &|at| wire::decode(archive::item(&datas, at.data as usize).unwrap()).unwrap(),
        compile: &|funcs, names| {
            let compile = |func| codegen::compile(func, &backend, &mut Scratch::default());
            let codes = funcs.iter().map(|at| compile(&*unit.funcs[at.func as usize].func));
            codes.map(|code| NumberedCode::new(&code, &mut |name| names.number(name))).collect()
        },
        field: &field,
        moduledata: link::tests::moduledata_fields(),
        shown_file: &|_, file| file.into(),
        strings: Vec::new(),
        version: "go1.27.3",
        modinfo: "",
        build_id: "a/b",
        strip_symbols: false,
        strip_debug: false,
        trap_undefined: true,
    };
    let image = link_program(&program).unwrap_or_else(|faults| panic!("{}", faults[0]));
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("switch");
    std::fs::write(&path, &image.bytes).unwrap();
    std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let out = std::process::Command::new(&path).output().unwrap();
    // osinit's systemstack is on g0 already; 1+2+3+4+90 is d.
    assert_eq!(String::from_utf8_lossy(&out.stdout), "amsandyz\n");
    assert_eq!(out.status.code(), Some(3));
}
