//! The linker's names of functions, methods, variables and types, spelled as gc spells them.

use crate::types::{ChanDir, Kind, ObjRef, PkgRef, Ty};

/// A package's prefix in symbols: its path with the characters the linker cannot take escaped. A command's path is `main`.
pub fn pkg_prefix(pkg: PkgRef) -> String {
    escape_path(pkg.path)
}

/// Dots after the last slash, blanks, quotes, percent signs and bytes outside ASCII become `%xx`.
pub fn escape_path(path: &str) -> String {
    let slash = path.rfind('/').map_or(0, |at| at + 1);
    let mut out = String::with_capacity(path.len());
    for (at, b) in path.bytes().enumerate() {
        if b <= b' ' || b == b'.' && at >= slash || b == b'%' || b == b'"' || b >= 0x7f {
            out.push_str(&format!("%{b:02x}"));
        } else {
            out.push(b as char);
        }
    }
    out
}

/// The symbol of a package-level variable or function, before linknames.
pub fn object_symbol(obj: ObjRef) -> String {
    match obj.pkg {
        Some(pkg) => format!("{}.{}", pkg_prefix(pkg), obj.name),
        None => obj.name.to_owned(),
    }
}

/// A function instance: `pkg.F[int,main.T]`.
pub fn func_symbol(obj: ObjRef, targs: &[Ty]) -> String {
    format!("{}{}", object_symbol(obj), type_args(targs))
}

/// A method of a named type: `pkg.T.M` or `pkg.(*T).M`, the type with its arguments; `targs` are the method's own.
pub fn method_symbol(recv_base: Ty, ptr: bool, method: &str, targs: &[Ty]) -> String {
    let named = recv_base.as_named().unwrap_or_else(|| panic!("{recv_base:?} has no declared methods"));
    let obj = named.obj();
    let prefix = obj.pkg.map_or(String::new(), |p| pkg_prefix(p) + ".");
    let ty = format!("{}{}{}", obj.name, local_suffix(obj), type_args(named.targs()));
    let args = type_args(targs);
    if ptr { format!("{prefix}(*{ty}).{method}{args}") } else { format!("{prefix}{ty}.{method}{args}") }
}

/// `[int,main.T]`, or nothing.
pub fn type_args(targs: &[Ty]) -> String {
    if targs.is_empty() {
        return String::new();
    }
    let list: Vec<String> = targs.iter().map(|&t| link_string(t)).collect();
    format!("[{}]", list.join(","))
}

/// `·n` for the n-th type declared inside functions of its package: such names are not unique.
fn local_suffix(obj: ObjRef) -> String {
    match obj.ordinal() {
        Some(0) | None => String::new(),
        Some(n) => format!("·{n}"),
    }
}

/// A type as symbols name it: package paths in full, no alias left, identical types and only those spelled alike.
pub fn link_string(ty: Ty) -> String {
    let mut out = String::new();
    write_type(&mut out, ty);
    out
}

fn write_type(out: &mut String, ty: Ty) {
    match ty.unalias().kind() {
        Kind::Basic(b) => out.push_str(match b.name {
            "byte" => "uint8",
            "rune" => "int32",
            "Pointer" => "unsafe.Pointer",
            name => name,
        }),
        Kind::Named(named) => {
            let obj = named.obj();
            if let Some(pkg) = obj.pkg {
                out.push_str(&pkg_prefix(pkg));
                out.push('.');
            }
            out.push_str(obj.name);
            out.push_str(&local_suffix(obj));
            out.push_str(&type_args(named.targs()));
        }
        Kind::TypeParam(p) => out.push_str(p.obj.name),
        Kind::Pointer(elem) => {
            out.push('*');
            write_type(out, *elem);
        }
        Kind::Slice(elem) => {
            out.push_str("[]");
            write_type(out, *elem);
        }
        Kind::Array(a) => {
            out.push_str(&format!("[{}]", a.len()));
            write_type(out, a.elem);
        }
        Kind::Map(m) => {
            out.push_str("map[");
            write_type(out, m.key);
            out.push(']');
            write_type(out, m.elem);
        }
        Kind::Chan(c) => match c.dir {
            ChanDir::Recv => {
                out.push_str("<-chan ");
                write_type(out, c.elem);
            }
            ChanDir::Send => {
                out.push_str("chan<- ");
                write_type(out, c.elem);
            }
            // `chan (<-chan T)` would otherwise read as `chan<- chan T`.
            ChanDir::Both if matches!(c.elem.unalias().kind(), Kind::Chan(e) if e.dir == ChanDir::Recv) => {
                out.push_str("chan (");
                write_type(out, c.elem);
                out.push(')');
            }
            ChanDir::Both => {
                out.push_str("chan ");
                write_type(out, c.elem);
            }
        },
        Kind::Signature(_) => {
            out.push_str("func");
            write_signature(out, ty);
        }
        Kind::Struct(s) => {
            out.push_str("struct {");
            for (i, f) in s.fields.iter().enumerate() {
                out.push_str(if i == 0 { " " } else { "; " });
                if !f.is_embedded() {
                    write_member_name(out, *f);
                    out.push(' ');
                } else if !f.exported() && f.typ().unalias().as_basic().is_some() {
                    // An embedded predeclared type is an unexported field of its package.
                    write_member_name(out, *f);
                    out.push(' ');
                }
                write_type(out, f.typ());
                let tag = s.tag(i);
                if !tag.is_empty() {
                    out.push_str(&format!(" {:?}", String::from_utf8_lossy(tag)));
                }
            }
            out.push_str(if s.fields.is_empty() { "}" } else { " }" });
        }
        Kind::Interface(_) => {
            out.push_str("interface {");
            let methods = super::layout::iface_methods(ty);
            for (i, m) in methods.iter().enumerate() {
                out.push_str(if i == 0 { " " } else { "; " });
                write_member_name(out, *m);
                write_signature(out, m.typ());
            }
            out.push_str(if methods.is_empty() { "}" } else { " }" });
        }
        Kind::Tuple(t) => {
            out.push('(');
            write_list(out, &t.vars, false);
            out.push(')');
        }
        other => panic!("no symbol for the type {other:?}"),
    }
}

fn write_member_name(out: &mut String, obj: ObjRef) {
    if let (false, Some(pkg)) = (obj.exported(), obj.pkg) {
        out.push_str(&pkg_prefix(pkg));
        out.push('.');
    }
    out.push_str(obj.name);
}

fn write_signature(out: &mut String, ty: Ty) {
    let sig = ty.unalias().as_signature().expect("a method has a signature");
    out.push('(');
    write_list(out, &sig.params, sig.variadic);
    out.push(')');
    match sig.results[..] {
        [] => {}
        [one] => {
            out.push(' ');
            write_type(out, one.typ());
        }
        _ => {
            out.push_str(" (");
            write_list(out, &sig.results, false);
            out.push(')');
        }
    }
}

fn write_list(out: &mut String, vars: &[ObjRef], variadic: bool) {
    for (i, v) in vars.iter().enumerate() {
        if i > 0 {
            out.push_str(", ");
        }
        match v.typ().unalias().kind() {
            Kind::Slice(elem) if variadic && i + 1 == vars.len() => {
                out.push_str("...");
                write_type(out, *elem);
            }
            _ => write_type(out, v.typ()),
        }
    }
}
