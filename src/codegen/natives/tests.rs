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
