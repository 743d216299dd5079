//! Which types a verb prints.

use crate::types::{self, BasicKind, Kind, ObjRef, Ty};

pub(super) const BOOL: u16 = 1;
pub(super) const BYTE: u16 = 2;
pub(super) const INT: u16 = 4;
pub(super) const RUNE: u16 = 8;
pub(super) const STRING: u16 = 16;
pub(super) const FLOAT: u16 = 32;
pub(super) const COMPLEX: u16 = 64;
pub(super) const POINTER: u16 = 128;
pub(super) const ERROR: u16 = 256;
pub(super) const ANY: u16 = u16::MAX;

/// Whether a value of the type may be printed as one of `kinds`.
pub(super) fn fits(kinds: u16, ty: Ty) -> bool {
    kinds == ANY || Matcher { kinds, seen: Vec::new() }.fits(ty, true)
}

/// The method of that name in the type's method set.
fn method(ty: Ty, name: &str) -> Option<ObjRef> {
    types::lookup_field_or_method(ty, false, None, name, false).obj.filter(|obj| obj.is_func())
}

fn gives_string(obj: ObjRef) -> bool {
    let Some(sig) = obj.typ().as_signature() else { return false };
    sig.params.is_empty()
        && matches!(&sig.results[..], [result] if result.typ().basic_kind() == Some(BasicKind::String))
}

pub(super) fn is_error(ty: Ty) -> bool {
    method(ty, "Error").is_some_and(gives_string)
}

fn is_text(ty: Ty) -> bool {
    is_error(ty) || method(ty, "String").is_some_and(gives_string)
}

/// The type may decide itself how it is printed: it has `Format(fmt.State, rune)`, or is an interface.
pub(super) fn is_formatter(ty: Ty) -> bool {
    if ty.as_type_param().is_none() && matches!(ty.under(), Kind::Interface(_)) {
        return true;
    }
    let Some(sig) = method(ty, "Format").and_then(|obj| obj.typ().as_signature()) else { return false };
    let [state, rune] = &sig.params[..] else { return false };
    let is_state = state.typ().as_named().is_some_and(|named| {
        let obj = named.obj();
        obj.name == "State" && obj.pkg.is_some_and(|pkg| pkg.path == "fmt")
    });
    is_state && rune.typ().basic_kind() == Some(BasicKind::Int32) && sig.results.is_empty()
}

struct Matcher {
    kinds: u16,
    seen: Vec<Ty>,
}

impl Matcher {
    fn has(&self, kinds: u16) -> bool {
        self.kinds & kinds != 0
    }

    /// `top`: it is the argument itself, not a part of it.
    fn fits(&mut self, ty: Ty, top: bool) -> bool {
        if self.kinds == ERROR {
            return is_error(ty);
        }
        if is_formatter(ty) || self.has(STRING) && is_text(ty) {
            return true;
        }
        // What a type parameter stands for is not looked into.
        if ty.as_type_param().is_some() {
            return true;
        }
        let ty = ty.underlying();
        if self.seen.iter().any(|seen| *seen == ty || types::identical(*seen, ty)) {
            return true;
        }
        self.seen.push(ty);
        match ty.kind() {
            Kind::Signature(_) => self.kinds == POINTER,
            Kind::Map(map) => {
                self.kinds == POINTER || self.fits(map.key, false) && self.fits(map.elem, false)
            }
            Kind::Chan(_) => self.has(POINTER),
            Kind::Array(array) => self.is_bytes(array.elem) || self.fits(array.elem, false),
            Kind::Slice(elem) => self.is_bytes(*elem) || self.kinds == POINTER || self.fits(*elem, false),
            Kind::Pointer(elem) => {
                if self.kinds == POINTER || elem.as_type_param().is_some() || !elem.is_valid() {
                    return true;
                }
                match elem.under() {
                    Kind::Struct(_) | Kind::Array(_) | Kind::Slice(_) | Kind::Map(_) => {
                        top && self.fits(elem.underlying(), false)
                    }
                    _ => self.has(POINTER),
                }
            }
            Kind::Struct(s) => s.fields.iter().all(|field| {
                // A method of a field without an exported name is not called.
                let hidden = self.has(STRING) && !field.exported() && is_text(field.typ());
                self.fits(field.typ(), false) && !hidden
            }),
            Kind::Basic(basic) => self.basic(basic.kind),
            _ => true,
        }
    }

    fn is_bytes(&self, elem: Ty) -> bool {
        self.has(STRING) && elem.underlying().basic_kind() == Some(BasicKind::Uint8)
    }

    fn basic(&self, kind: BasicKind) -> bool {
        use BasicKind::*;
        match kind {
            Bool | UntypedBool => self.has(BOOL),
            Uint8 => self.has(INT | BYTE),
            Int32 | UntypedRune => self.has(INT | RUNE),
            Int | Int8 | Int16 | Int64 | Uint | Uint16 | Uint32 | Uint64 | Uintptr | UntypedInt => {
                self.has(INT)
            }
            Float32 | Float64 | UntypedFloat => self.has(FLOAT),
            Complex64 | Complex128 | UntypedComplex => self.has(COMPLEX),
            String | UntypedString => self.has(STRING),
            UnsafePointer => self.has(POINTER | INT),
            UntypedNil => false,
            _ => true,
        }
    }
}
