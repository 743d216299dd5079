//! What the functions without a Go body, and those that only look as if they kept their arguments, do with pointers.
//!
//! # To add one
//! One line in [`ENTRY_POINTS`], sorted by name: per integer register parameter `-` nothing is kept, `c` what it points to
//! may be kept, `!` kept, `r` may be returned, `f` called as a
//! func value.

use super::escape::{Facts, Leak, ParamFacts};

/// Copies into typed memory are `c` for the source: what it holds is somewhere else afterwards.
const ENTRY_POINTS: &[(&str, &str)] = &[
    ("internal/abi.NoEscape", "-"),
    ("internal/bytealg.Compare", "------"),
    ("internal/bytealg.Count", "----"),
    ("internal/bytealg.CountString", "---"),
    ("internal/bytealg.Equal", "------"),
    ("internal/bytealg.Index", "------"),
    ("internal/bytealg.IndexByte", "----"),
    ("internal/bytealg.IndexByteString", "---"),
    ("internal/bytealg.IndexString", "----"),
    ("internal/runtime/syscall/linux.Syscall6", "-------"),
    ("runtime.chanrecv1", "!-"),
    ("runtime.chanrecv2", "!-"),
    ("runtime.chansend1", "!c"),
    ("runtime.efaceeq", "---"),
    ("runtime.futex", "------"),
    ("runtime.ifaceeq", "---"),
    ("runtime.madvise", "---"),
    ("runtime.mcall", "f"),
    ("runtime.memclrHasPointers", "--"),
    ("runtime.memclrNoHeapPointers", "--"),
    ("runtime.memequal", "---"),
    ("runtime.memequal_varlen", "--"),
    ("runtime.memhash", "---"),
    ("runtime.memhash32", "--"),
    ("runtime.memhash64", "--"),
    ("runtime.memmove", "-c-"),
    ("runtime.mincore", "---"),
    ("runtime.noescape", "-"),
    ("runtime.open", "---"),
    ("runtime.printpointer", "-"),
    ("runtime.printstring", "--"),
    ("runtime.read", "---"),
    ("runtime.rt_sigaction", "----"),
    ("runtime.rtsigprocmask", "----"),
    ("runtime.sched_getaffinity", "---"),
    ("runtime.selectnbsend", "!c"),
    ("runtime.setitimer", "---"),
    ("runtime.sigaltstack", "--"),
    ("runtime.strequal", "--"),
    ("runtime.strhash", "--"),
    ("runtime.systemstack", "f"),
    ("runtime.timer_create", "---"),
    ("runtime.timer_settime", "----"),
    ("runtime.typedmemclr", "--"),
    ("runtime.typedmemmove", "--c"),
    ("runtime.wbMove", "--c"),
    ("runtime.wbZero", "--"),
    ("runtime.write1", "---"),
];

/// The fixed facts of `symbol`, if it has an entry.
pub(super) fn facts(symbol: &str) -> Option<Facts> {
    let at = ENTRY_POINTS.binary_search_by_key(&symbol, |&(name, _)| name).ok()?;
    let params = ENTRY_POINTS[at].1.chars().map(|c| match c {
        '-' => ParamFacts::default(),
        'c' => ParamFacts { leak: Leak::Content, ..ParamFacts::default() },
        'f' => ParamFacts { called: true, ..ParamFacts::default() },
        'r' => ParamFacts { returned: true, ..ParamFacts::default() },
        _ => ParamFacts::KEPT,
    });
    Some(Facts { params: params.collect(), ctx: ParamFacts::KEPT, overflow: ParamFacts::KEPT })
}

#[test]
fn entry_points_are_sorted() {
    assert!(ENTRY_POINTS.is_sorted());
}
