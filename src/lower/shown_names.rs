//! Types in words, as `reflect.Type.String` answers: `*json.Decoder`, where the linker says `*encoding/json.Decoder`.

use std::fmt::Write;
use std::sync::Arc;

use super::{layout, names};
use crate::types::{ChanDir, Kind, Named, ObjRef, PkgRef, Signature, Struct, Ty};

/// What reflection prints.
pub(crate) fn shown_string(ty: Ty) -> Arc<str> {
    let mut out = String::new();
    write_type(&mut out, ty);
    out.into()
}

fn write_type(out: &mut String, ty: Ty) {
    let ty = ty.unalias();
    match ty.kind() {
        Kind::Basic(b) => match ty {
            Ty::BYTE => out.push_str("uint8"),
            Ty::RUNE => out.push_str("int32"),
            Ty::UNSAFE_POINTER => out.push_str("unsafe.Pointer"),
            _ => out.push_str(b.name),
        },
        Kind::Named(named) => write_named(out, named),
        Kind::Pointer(elem) => {
            out.push('*');
            write_type(out, *elem);
        }
        Kind::Slice(elem) => {
            out.push_str("[]");
            write_type(out, *elem);
        }
        Kind::Array(array) => {
            let _ = write!(out, "[{}]", array.len());
            write_type(out, array.elem);
        }
        Kind::Map(map) => {
            out.push_str("map[");
            write_type(out, map.key);
            out.push(']');
            write_type(out, map.elem);
        }
        Kind::Chan(chan) => {
            match chan.dir {
                ChanDir::Both => out.push_str("chan "),
                ChanDir::Send => out.push_str("chan<- "),
                ChanDir::Recv => out.push_str("<-chan "),
            }
            let inner_recv =
                matches!(chan.elem.unalias().kind(), Kind::Chan(inner) if inner.dir == ChanDir::Recv);
            if chan.dir == ChanDir::Both && inner_recv {
                out.push('(');
                write_type(out, chan.elem);
                out.push(')');
            } else {
                write_type(out, chan.elem);
            }
        }
        Kind::Signature(sig) => {
            out.push_str("func");
            write_signature(out, sig);
        }
        Kind::Struct(s) => write_struct(out, s),
        Kind::Interface(_) => {
            let methods = layout::iface_methods(ty);
            if methods.is_empty() {
                out.push_str("interface {}");
                return;
            }
            out.push_str("interface { ");
            for (i, method) in methods.into_iter().enumerate() {
                if i > 0 {
                    out.push_str("; ");
                }
                if !method.exported() {
                    qualify(out, method.pkg);
                }
                out.push_str(method.name);
                if let Some(sig) = method.typ().as_signature() {
                    write_signature(out, sig);
                }
            }
            out.push_str(" }");
        }
        Kind::TypeParam(param) => panic!("type parameter {} in a type that needs a name", param.obj.name),
        Kind::Tuple(_) | Kind::Union(_) | Kind::Alias(_) => panic!("a {:?} has no descriptor", ty.kind()),
    }
}

fn qualify(out: &mut String, pkg: Option<PkgRef>) {
    if let Some(pkg) = pkg {
        out.push_str(pkg.name());
        out.push('.');
    }
}

fn write_named(out: &mut String, named: &Named) {
    let obj = named.obj();
    qualify(out, obj.pkg);
    out.push_str(obj.name);
    // Arguments are shown with their whole path.
    out.push_str(&names::type_args(named.targs()));
}

fn write_signature(out: &mut String, sig: &Signature) {
    out.push('(');
    for (i, param) in sig.params.iter().enumerate() {
        if i > 0 {
            out.push_str(", ");
        }
        match param.typ().unalias().kind() {
            Kind::Slice(elem) if sig.variadic && i + 1 == sig.params.len() => {
                out.push_str("...");
                write_type(out, *elem);
            }
            _ => write_type(out, param.typ()),
        }
    }
    out.push(')');
    match &sig.results[..] {
        [] => {}
        [one] => {
            out.push(' ');
            write_type(out, one.typ());
        }
        many => {
            out.push_str(" (");
            for (i, result) in many.iter().enumerate() {
                if i > 0 {
                    out.push_str(", ");
                }
                write_type(out, result.typ());
            }
            out.push(')');
        }
    }
}

fn write_struct(out: &mut String, s: &Struct) {
    if s.fields.is_empty() {
        out.push_str("struct {}");
        return;
    }
    out.push_str("struct { ");
    for (i, field) in s.fields.iter().enumerate() {
        if i > 0 {
            out.push_str("; ");
        }
        if !field.is_embedded() || embedded_by_other_name(*field) {
            out.push_str(field.name);
            out.push(' ');
        }
        write_type(out, field.typ());
        let tag = s.tag(i);
        if !tag.is_empty() {
            out.push(' ');
            out.push_str(&quote(tag));
        }
    }
    out.push_str(" }");
}

/// Whether a field is embedded through an alias, and so has not the name of its type.
fn embedded_by_other_name(field: ObjRef) -> bool {
    let ty = field.typ().unalias();
    let base = ty.as_pointer().unwrap_or(ty);
    match base.unalias().kind() {
        Kind::Named(named) => named.obj().name != field.name,
        Kind::Basic(b) => b.name != field.name,
        _ => true,
    }
}

/// As `strconv.Quote`.
fn quote(bytes: &[u8]) -> String {
    let mut out = String::from("\"");
    let mut rest = bytes;
    while !rest.is_empty() {
        let (good, bad) = match std::str::from_utf8(rest) {
            Ok(s) => (s, 0),
            Err(e) => {
                let (good, _) = rest.split_at(e.valid_up_to());
                (std::str::from_utf8(good).expect("valid up to here"), 1)
            }
        };
        for c in good.chars() {
            match c {
                '"' | '\\' => {
                    out.push('\\');
                    out.push(c);
                }
                '\n' => out.push_str("\\n"),
                '\t' => out.push_str("\\t"),
                '\r' => out.push_str("\\r"),
                '\u{7}' => out.push_str("\\a"),
                '\u{8}' => out.push_str("\\b"),
                '\u{b}' => out.push_str("\\v"),
                '\u{c}' => out.push_str("\\f"),
                c if (c as u32) < 0x20 || c as u32 == 0x7f => {
                    let _ = write!(out, "\\x{:02x}", c as u32);
                }
                c => out.push(c),
            }
        }
        rest = &rest[good.len()..];
        if bad == 1 {
            let _ = write!(out, "\\x{:02x}", rest[0]);
            rest = &rest[1..];
        }
    }
    out.push('"');
    out
}
