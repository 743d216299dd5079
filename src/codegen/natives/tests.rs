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
            let mut got: Vec<u8> = (0..32_000u32).map(|i| ((i * 7) ^ (i >> 8)) as u8).collect();
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

type Four = extern "sysv64" fn(*const u8, usize, *const u8, usize) -> i64;

#[expect(unsafe_code, reason = "running what was assembled is what these tests are for")]
fn call4(code: &memmap2::Mmap, a: &[u8], b: *const u8, n: usize) -> i64 {
    // SAFETY: as `call`.
    let f = unsafe { std::mem::transmute::<*const u8, Four>(code.as_ptr()) };
    f(a.as_ptr(), a.len(), b, n)
}

/// Slices of every short length that end right before a page the program must not touch, and in the middle.
fn places() -> impl Iterator<Item = (usize, usize)> {
    (0..70).flat_map(|n| [(4096 - n, n), (64, n), (4080, n.min(16)), (4085, n.min(11))])
}

#[test]
fn bytes_are_found_and_counted() {
    let (index, count) =
        (executable("internal/bytealg.IndexByteString"), executable("internal/bytealg.CountString"));
    let page: Vec<u8> = vec![b'.'; 3 * 4096];
    for (at, n) in places() {
        let mut page = page.clone();
        let start = page.as_ptr().align_offset(4096);
        // Bytes around the slice are what is searched for: they must not be found.
        page[start + at..start + at + n].fill(b'a');
        for hit in (0..n).map(Some).chain([None]) {
            let slice = &mut page[start + at..start + at + n];
            slice.fill(b'a');
            if let Some(i) = hit {
                slice[i] = b'.';
            }
            let slice = &page[start + at..start + at + n];
            let want = hit.map_or(-1, |i| i as i64);
            assert_eq!(call4(&index, slice, b'.' as usize as *const u8, 0), want, "{n} bytes at {at}");
            let want = hit.is_some() as i64;
            assert_eq!(call4(&count, slice, b'.' as usize as *const u8, 0), want, "{n} bytes at {at}");
        }
    }
    let many = vec![b'x'; 10_007];
    assert_eq!(call4(&count, &many, b'x' as usize as *const u8, 0), 10_007);
}

#[test]
fn strings_compare_as_slices_do() {
    let code = executable("runtime.cmpstring");
    for n in 0..70 {
        for m in [n, n + 1, n + 20] {
            let a: Vec<u8> = (0..n as u8).collect();
            let mut b: Vec<u8> = (0..m as u8).collect();
            for i in (0..m).map(Some).chain([None]) {
                for x in [0, 0x40, 0xff] {
                    if let Some(i) = i {
                        b[i] ^= x;
                    }
                    let want = a.cmp(&b) as i64;
                    assert_eq!(call4(&code, &a, b.as_ptr(), b.len()), want, "{a:?} {b:?}");
                    assert_eq!(call4(&code, &b, a.as_ptr(), a.len()), -want, "{b:?} {a:?}");
                    if let Some(i) = i {
                        b[i] ^= x;
                    }
                }
            }
        }
    }
}
