//! Sizes, alignments and offsets as gc lays types out; negative for what is too large.

use super::Checker;
use crate::types::{BasicKind, Kind, ObjRef, Ty};

impl Checker<'_> {
    pub(super) fn align_of(&self, ty: Ty) -> i64 {
        let word = self.sizes.word as i64;
        match ty.under() {
            Kind::Array(a) => return self.align_of(a.elem),
            Kind::Struct(s) => {
                if s.fields.is_empty() && is_align64(ty) {
                    return 8;
                }
                return s.fields.iter().map(|f| self.align_of(f.typ())).max().unwrap_or(1).max(1);
            }
            Kind::Slice(_) | Kind::Interface(_) => return word,
            Kind::Basic(b) if b.kind.is_string() => return word,
            _ => (),
        }
        let mut align = self.size_of(ty).max(1);
        // A complex number is aligned as its parts.
        if self.is_complex(ty) {
            align /= 2;
        }
        align.min(self.sizes.max_align as i64)
    }

    /// Offsets of fields laid out one after the other.
    fn offsets_of(&self, fields: &[ObjRef]) -> Vec<i64> {
        let mut at: i64 = 0;
        let mut out = Vec::with_capacity(fields.len());
        for f in fields {
            if at < 0 {
                out.push(-1);
                continue;
            }
            let align = self.align_of(f.typ());
            at = at.checked_add(align - 1).map_or(-1, |n| n / align * align);
            out.push(at);
            let size = self.size_of(f.typ());
            at = if size >= 0 && at >= 0 { at.checked_add(size).unwrap_or(-1) } else { -1 };
        }
        out
    }

    pub(super) fn size_of(&self, ty: Ty) -> i64 {
        let word = self.sizes.word as i64;
        match ty.under() {
            Kind::Basic(b) => match b.kind {
                BasicKind::Bool | BasicKind::Int8 | BasicKind::Uint8 => 1,
                BasicKind::Int16 | BasicKind::Uint16 => 2,
                BasicKind::Int32 | BasicKind::Uint32 | BasicKind::Float32 => 4,
                BasicKind::Int64 | BasicKind::Uint64 | BasicKind::Float64 | BasicKind::Complex64 => 8,
                BasicKind::Complex128 => 16,
                BasicKind::String => 2 * word,
                _ => word,
            },
            Kind::Array(a) => {
                if a.len() <= 0 {
                    return 0;
                }
                match self.size_of(a.elem) {
                    size if size < 0 => -1,
                    size => size.checked_mul(a.len()).unwrap_or(-1),
                }
            }
            Kind::Slice(_) => 3 * word,
            Kind::Interface(_) => 2 * word,
            Kind::Struct(s) => {
                let Some(last) = s.fields.last() else { return 0 };
                let at = *self.offsets_of(&s.fields).last().expect("as many offsets as fields");
                let mut size = self.size_of(last.typ());
                if at < 0 || size < 0 {
                    return -1;
                }
                // The address of a last field without size must not lie behind the struct.
                if at > 0 && size == 0 {
                    size = 1;
                }
                let align = self.align_of(ty);
                at.checked_add(size).and_then(|n| n.checked_add(align - 1)).map_or(-1, |n| n / align * align)
            }
            _ => word,
        }
    }

    /// The offset of the field at the end of a path of fields.
    pub(super) fn offset_of(&self, ty: Ty, index: &[u32]) -> i64 {
        let (mut at, mut ty, mut offset) = (0usize, ty, 0i64);
        while let Some(&i) = index.get(at) {
            let Some(s) = ty.underlying().as_struct() else { return -1 };
            let step = self.offsets_of(&s.fields)[i as usize];
            if step < 0 {
                return -1;
            }
            let Some(sum) = offset.checked_add(step) else { return -1 };
            offset = sum;
            ty = s.fields[i as usize].typ();
            at += 1;
        }
        offset
    }
}

/// The marker type of the atomic packages: what contains it is aligned to 8 bytes everywhere.
fn is_align64(ty: Ty) -> bool {
    ty.as_named().is_some_and(|n| {
        let obj = n.obj();
        obj.name == "align64"
            && obj.pkg.is_some_and(|p| matches!(p.path, "sync/atomic" | "internal/runtime/atomic"))
    })
}
