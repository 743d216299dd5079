//! Which words of a value hold pointers the collector follows.

use super::layout::{self, WORD};
use crate::types::{BasicKind, Kind, Ty};

/// How many bytes at the start of a value may hold pointers.
pub(crate) fn ptr_bytes(ty: Ty) -> u64 {
    let laid_out = layout::of(ty);
    if !laid_out.pointers {
        return 0;
    }
    match ty.under() {
        Kind::Interface(_) => 2 * WORD,
        Kind::Array(array) => (array.len() as u64 - 1) * layout::size(array.elem) + ptr_bytes(array.elem),
        Kind::Struct(s) => {
            let ends = s.fields.iter().zip(&laid_out.fields).rev();
            let end = ends.map(|(field, offset)| (offset, ptr_bytes(field.typ()))).find(|(_, n)| *n > 0);
            end.map_or(0, |(offset, n)| offset + n)
        }
        _ => WORD,
    }
}

/// Calls `word` with the offset of each pointer of a value at `base`.
pub(crate) fn each_pointer(ty: Ty, base: u64, word: &mut dyn FnMut(u64)) {
    let laid_out = layout::of(ty);
    if !laid_out.pointers {
        return;
    }
    match ty.under() {
        Kind::Interface(_) => {
            word(base);
            word(base + WORD);
        }
        Kind::Array(array) => {
            let size = layout::size(array.elem);
            for i in 0..array.len() as u64 {
                each_pointer(array.elem, base + i * size, word);
            }
        }
        Kind::Struct(s) => {
            for (field, offset) in s.fields.iter().zip(&laid_out.fields) {
                each_pointer(field.typ(), base + offset, word);
            }
        }
        Kind::Basic(b) if b.kind == BasicKind::String => word(base),
        _ => word(base),
    }
}

/// One bit per word of the first [`ptr_bytes`], the lowest first.
pub(crate) fn ptr_mask(ty: Ty) -> Vec<u8> {
    let mut mask = Mask::default();
    each_pointer(ty, 0, &mut |at| mask.set(at));
    mask.0
}

/// A mask while it grows.
#[derive(Default)]
pub(crate) struct Mask(pub Vec<u8>);

impl Mask {
    pub(crate) fn set(&mut self, offset: u64) {
        let word = (offset / WORD) as usize;
        if self.0.len() <= word / 8 {
            self.0.resize(word / 8 + 1, 0);
        }
        self.0[word / 8] |= 1 << (word % 8);
    }
}
