//! Sizes and alignments of the basic shapes.

use super::Arch;

/// What `unsafe.Sizeof` depends on.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Sizes {
    /// Bytes of `int`, `uintptr` and pointers.
    pub word: u64,
    /// No type is aligned to more, except what `sync/atomic.align64` marks.
    pub max_align: u64,
}

impl Sizes {
    pub fn of(arch: Arch) -> Sizes {
        let word = arch.word_bytes();
        Sizes { word, max_align: word }
    }
}

/// `offset` rounded up to a multiple of `align`, a power of two.
pub fn align_up(offset: u64, align: u64) -> u64 {
    debug_assert!(align.is_power_of_two(), "align {align}");
    (offset + align - 1) & !(align - 1)
}
