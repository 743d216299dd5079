use super::*;

/// Any layout will do for assembling.
fn layout() -> NativeLayout {
    let mut next = 0;
    NativeLayout::new(|_, _| {
        next += 8;
        next
    })
}

fn symbols() -> Vec<&'static str> {
    let tables = TABLES.iter().flat_map(|t| t.iter().map(|(name, _)| *name));
    let calls = syscalls::PLAIN.iter().map(|call| call.symbol);
    let atomics = atomics::ATOMICS.iter().map(|(name, ..)| *name);
    tables.chain(calls).chain(atomics).chain(misc::TRAPS.iter().copied()).collect()
}

#[test]
fn every_native_assembles() {
    for symbol in symbols() {
        let code = native(symbol, &layout()).unwrap();
        assert!(!code.bytes.is_empty(), "{symbol}");
        assert!(code.relocs.iter().all(|r| r.offset as usize + 4 <= code.bytes.len()), "{symbol}");
        assert!(code.pcsp.is_sorted(), "{symbol}: {:?}", code.pcsp);
    }
}

#[test]
fn no_symbol_is_listed_twice() {
    let mut all = symbols();
    all.sort();
    let n = all.len();
    all.dedup();
    assert_eq!(all.len(), n);
}

#[test]
fn families_of_traps() {
    assert!(is_native("runtime.call1073741824"));
    assert!(is_native("runtime.gcWriteBarrierBX"));
    assert!(!is_native("runtime.callers"));
}

/// `$THERMOS_TEST_BODYLESS` names a list of body-less functions: kind, package and name in columns 2 to 4.
#[test]
fn every_assembly_function_has_a_native() {
    let Some(path) = std::env::var_os("THERMOS_TEST_BODYLESS") else { return };
    let text = std::fs::read_to_string(path).unwrap();
    let mut missing = Vec::new();
    for line in text.lines() {
        let columns: Vec<&str> = line.split('\t').collect();
        if let [_, "asm" | "INTRINSIC/none", package, name, ..] = columns[..] {
            let symbol = format!("{package}.{name}");
            if !is_native(&symbol) {
                missing.push(symbol);
            }
        }
    }
    eprintln!("{}", missing.join("\n"));
}

/// A native that needs neither g nor symbols, in executable memory.
fn executable(symbol: &str) -> memmap2::Mmap {
    let code = native(symbol, &layout()).unwrap();
    assert!(code.relocs.is_empty());
    let mut map = memmap2::MmapMut::map_anon(code.bytes.len()).unwrap();
    map.copy_from_slice(&code.bytes);
    map.make_exec().unwrap()
}

type Three = extern "sysv64" fn(*mut u8, *mut u8, usize) -> u64;

#[expect(unsafe_code, reason = "running what was assembled is what these tests are for")]
fn call(code: &memmap2::Mmap, a: *mut u8, b: *mut u8, n: usize) -> u64 {
    // SAFETY: the code is one of ours in executable memory; it takes its arguments as C does.
    let f = unsafe { std::mem::transmute::<*const u8, Three>(code.as_ptr()) };
    f(a, b, n)
}

const SIZES: [usize; 12] = [300, 511, 512, 1000, 2047, 2048, 2049, 2063, 2064, 4096, 5000, 10_001];

fn sizes() -> impl Iterator<Item = usize> {
    (0..=270).chain(SIZES)
}

#[test]
fn memmove_moves_as_slices_do() {
    let code = executable("runtime.memmove");
    for n in sizes() {
        for (from, to) in
            [(64, 20_000), (64, 65), (65, 64), (64, 64), (64, 72), (72, 64), (64, 163), (163, 64), (3, 61)]
        {
            let mut got: Vec<u8> = (0..32_000u32).map(|i| (i * 7 ^ i >> 8) as u8).collect();
            let mut want = got.clone();
            want.copy_within(from..from + n, to);
            let base = got.as_mut_ptr();
            call(&code, base.wrapping_add(to), base.wrapping_add(from), n);
            assert!(got == want, "{n} bytes from {from} to {to}");
        }
    }
}

#[test]
fn memclr_clears_exactly_its_range() {
    let code = executable("runtime.memclrNoHeapPointers");
    for n in sizes() {
        for from in [16, 24, 31] {
            let mut got = vec![0xa5u8; 11_000];
            let mut want = got.clone();
            want[from..from + n].fill(0);
            // The size is the second argument.
            call(&code, got.as_mut_ptr().wrapping_add(from), n as *mut u8, 0);
            assert!(got == want, "{n} bytes from {from}");
        }
    }
}

#[test]
fn memequal_sees_every_byte() {
    let code = executable("runtime.memequal");
    for n in sizes() {
        let mut a: Vec<u8> = (0..n as u32).map(|i| i as u8).collect();
        let mut b = a.clone();
        assert_eq!(call(&code, a.as_mut_ptr(), b.as_mut_ptr(), n) & 0xff, 1, "{n}");
        for i in (0..n).filter(|i| n < 300 || i % 97 == 0 || i + 20 > n) {
            b[i] ^= 0x40;
            assert_eq!(call(&code, a.as_mut_ptr(), b.as_mut_ptr(), n) & 0xff, 0, "{n} bytes, {i} differs");
            b[i] ^= 0x40;
        }
    }
}
