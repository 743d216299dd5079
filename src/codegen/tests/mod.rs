//! Functions are built, compiled and run here, with a g of ours in the pinned register.

use std::collections::HashMap;

use iced_x86::code_asm::*;

use super::*;
use crate::ir::{BinOp, BoundsKind, Builder, Conv, FloatCc, IntCc, MemFlags, Op, RmwOp, Signature, Ty, UnOp};

mod control;
mod ops;
mod relocatable;

pub(super) const LAYOUT: RuntimeLayout =
    RuntimeLayout { stackguard0: 16, ctx: 24, overflow: 32, check_x: 40, check_y: 48 };
/// Where the test's g keeps the stack pointer to return to when something panics.
const G_RETURN_SP: i32 = 256;
/// What panicked: the number of the stub.
const G_PANIC: i32 = 264;

pub(super) fn backend() -> Backend {
    Backend::new(Target::new("linux", "amd64").expect("known"), LAYOUT, Effort::Full)
}

/// Code in executable memory, linked.
pub(super) struct Machine {
    map: memmap2::Mmap,
    at: HashMap<String, usize>,
    enter: usize,
    panics: Vec<&'static str>,
}

/// What a run gave: integer results, float results, and which stub was called.
#[derive(Debug, PartialEq)]
pub(super) struct Ran {
    pub ints: [i64; 3],
    pub floats: [f64; 2],
    pub panic: Option<&'static str>,
    pub g: Vec<u64>,
}

/// Saves what the host wants back, loads the argument registers, calls, stores the results.
/// `enter(fn, ints: *[i64; 6], floats: *[f64; 8], out: *[u64; 5], g)`
fn enter_stub() -> Vec<u8> {
    let mut a = CodeAssembler::new(64).unwrap();
    for r in [rbx, rbp, r12, r13, r14, r15] {
        a.push(r).unwrap();
    }
    a.push(rcx).unwrap();
    a.mov(r15, r8).unwrap();
    a.mov(qword_ptr(r15 + G_RETURN_SP), rsp).unwrap();
    a.mov(rax, rdi).unwrap();
    a.mov(rbx, rsi).unwrap();
    for (i, x) in [xmm0, xmm1, xmm2, xmm3, xmm4, xmm5, xmm6, xmm7].into_iter().enumerate() {
        a.movsd_2(x, qword_ptr(rdx + 8 * i as i32)).unwrap();
    }
    for (i, r) in [rdi, rsi, rdx, rcx, r8, r9].into_iter().enumerate() {
        a.mov(r, qword_ptr(rbx + 8 * i as i32)).unwrap();
    }
    a.call(rax).unwrap();
    // A panic comes here with the stack pointer reset.
    a.pop(rbx).unwrap();
    for (i, r) in [rax, rcx, rdx].into_iter().enumerate() {
        a.mov(qword_ptr(rbx + 8 * i as i32), r).unwrap();
    }
    a.movsd_2(qword_ptr(rbx + 24), xmm0).unwrap();
    a.movsd_2(qword_ptr(rbx + 32), xmm1).unwrap();
    for r in [r15, r14, r13, r12, rbp, rbx] {
        a.pop(r).unwrap();
    }
    a.ret().unwrap();
    a.assemble(0).unwrap()
}

/// Notes its number in g and leaves the run.
fn panic_stub(number: usize) -> Vec<u8> {
    let mut a = CodeAssembler::new(64).unwrap();
    a.mov(qword_ptr(r15 + G_PANIC), number as i32).unwrap();
    a.mov(rsp, qword_ptr(r15 + G_RETURN_SP)).unwrap();
    a.sub(rsp, 8).unwrap();
    a.ret().unwrap();
    a.assemble(0).unwrap()
}

/// Counts its calls in g; changes no register.
fn counting_stub(at: i32) -> Vec<u8> {
    let mut a = CodeAssembler::new(64).unwrap();
    a.add(qword_ptr(r15 + at), 1).unwrap();
    a.ret().unwrap();
    a.assemble(0).unwrap()
}

/// `g` words that count calls of the helpers.
pub(super) const G_MORESTACK: usize = 35;
pub(super) const G_BARRIER: usize = 36;

/// As a recovered panic does it: every register but sp, fp and g is lost, and the caller goes on at `g[G_RESUME]`.
fn resume_stub() -> Vec<u8> {
    let mut a = CodeAssembler::new(64).unwrap();
    for r in [rax, rbx, rcx, rdx, rsi, rdi, r8, r9, r10, r11, r12, r13, r14] {
        a.mov(r, 0xdead_beef_dead_u64 as i64 as u64).unwrap();
    }
    a.pcmpeqd(xmm0, xmm0).unwrap();
    a.add(rsp, 8).unwrap();
    a.jmp(qword_ptr(r15 + 8 * G_RESUME as i32)).unwrap();
    a.assemble(0).unwrap()
}

pub(super) const G_RESUME: usize = 37;
/// The symbol of [`resume_stub`].
pub(super) const RESUME: &str = "resume";

impl Machine {
    /// Where function `name` begins in memory.
    pub fn address(&self, name: &str) -> u64 {
        self.map.as_ptr() as u64 + self.at[name] as u64
    }

    pub fn new(funcs: &[ir::Func]) -> Machine {
        let backend = backend();
        let mut scratch = Scratch::default();
        let mut bytes: Vec<u8> = Vec::new();
        let mut at = HashMap::new();
        let place = |bytes: &mut Vec<u8>, code: &[u8]| {
            bytes.resize(bytes.len().next_multiple_of(16), 0xcc);
            bytes.extend_from_slice(code);
            bytes.len() - code.len()
        };
        let enter = place(&mut bytes, &enter_stub());
        let codes: Vec<object::Code> = funcs
            .iter()
            .map(|func| {
                ir::verify(func).unwrap_or_else(|faults| panic!("{func}\n{}", faults[0]));
                compile(func, &backend, &mut scratch)
            })
            .collect();
        let mut panics = Vec::new();
        at.insert(RESUME.to_owned(), place(&mut bytes, &resume_stub()));
        let implicit: Vec<&'static str> = funcs.iter().flat_map(implicit_symbols).collect();
        for name in implicit {
            if at.contains_key(name) {
                continue;
            }
            let offset = match name {
                crate::target::abi::helper::MORESTACK => {
                    place(&mut bytes, &counting_stub(8 * G_MORESTACK as i32))
                }
                crate::target::abi::helper::WRITE_BARRIER => {
                    place(&mut bytes, &counting_stub(8 * G_BARRIER as i32))
                }
                crate::target::abi::helper::WRITE_BARRIER_FLAG => place(&mut bytes, &[1, 0, 0, 0]),
                name => {
                    panics.push(name);
                    place(&mut bytes, &panic_stub(panics.len()))
                }
            };
            at.insert(name.to_owned(), offset);
        }
        let starts: Vec<usize> = codes.iter().map(|code| place(&mut bytes, &code.bytes)).collect();
        for (code, &start) in codes.iter().zip(&starts) {
            at.insert(code.name.to_string(), start);
        }
        for (code, &start) in codes.iter().zip(&starts) {
            for reloc in &code.relocs {
                let name = &code.syms[reloc.target as usize];
                let target = *at.get(&**name).unwrap_or_else(|| panic!("{name} is not defined"));
                let place = start + reloc.offset as usize;
                let value = target as i64 + reloc.addend - place as i64;
                assert_eq!(reloc.kind, object::CodeRelocKind::PcRel32);
                bytes[place..place + 4].copy_from_slice(&(value as i32).to_le_bytes());
            }
        }
        let mut map = memmap2::MmapMut::map_anon(bytes.len()).unwrap();
        map.copy_from_slice(&bytes);
        Machine { map: map.make_exec().unwrap(), at, enter, panics }
    }

    pub fn run(&self, name: &str, ints: &[i64], floats: &[f64]) -> Ran {
        let mut g = vec![0u64; 64];
        self.run_with(name, ints, floats, &mut g)
    }

    pub fn run_with(&self, name: &str, ints: &[i64], floats: &[f64], g: &mut [u64]) -> Ran {
        let (mut int_args, mut float_args, mut out) = ([0i64; 6], [0f64; 8], [0u64; 5]);
        int_args[..ints.len()].copy_from_slice(ints);
        float_args[..floats.len()].copy_from_slice(floats);
        let base = self.map.as_ptr() as usize;
        type Enter = extern "sysv64" fn(usize, *const i64, *const f64, *mut u64, *mut u64);
        #[expect(unsafe_code, reason = "running what was compiled is what these tests are for")]
        // SAFETY: `enter` is the stub above, in executable memory that lives as long as self.
        let enter = unsafe { std::mem::transmute::<usize, Enter>(base + self.enter) };
        enter(base + self.at[name], int_args.as_ptr(), float_args.as_ptr(), out.as_mut_ptr(), g.as_mut_ptr());
        let panicked = g[G_PANIC as usize / 8] as usize;
        Ran {
            ints: [out[0] as i64, out[1] as i64, out[2] as i64],
            floats: [f64::from_bits(out[3]), f64::from_bits(out[4])],
            panic: panicked.checked_sub(1).map(|i| self.panics[i]),
            g: g.to_vec(),
        }
    }
}

/// Builds one function, named `f`.
pub(super) fn build(params: &[Ty], results: &[Ty], body: impl FnOnce(&mut Builder)) -> ir::Func {
    let mut b = Builder::new("f", Signature::go(params, results));
    body(&mut b);
    b.finish()
}

/// Builds and runs `f`, which must not panic.
#[track_caller]
pub(super) fn run(
    params: &[Ty],
    results: &[Ty],
    ints: &[i64],
    floats: &[f64],
    body: impl FnOnce(&mut Builder),
) -> Ran {
    let ran = Machine::new(&[build(params, results, body)]).run("f", ints, floats);
    assert_eq!(ran.panic, None);
    ran
}
