//! Expressions in messages: one line of source text, function and composite literal bodies shortened to `…`.

use std::fmt::Write;

use crate::syntax::ast::{ChanDir, Expr, ExprKind, Field, FuncType, InterfaceElem};

pub(super) fn expr_string(e: &Expr) -> String {
    let mut out = String::new();
    write_expr(&mut out, e);
    out
}

/// `[a, b]`
pub(super) fn list_string(list: &[Expr]) -> String {
    let mut out = String::from("[");
    write_list(&mut out, list);
    out.push(']');
    out
}

fn write_list(out: &mut String, list: &[Expr]) {
    for (i, e) in list.iter().enumerate() {
        if i > 0 {
            out.push_str(", ");
        }
        write_expr(out, e);
    }
}

#[expect(clippy::too_many_lines, reason = "one arm per kind of expression")]
fn write_expr(out: &mut String, e: &Expr) {
    match &e.kind {
        ExprKind::Bad => out.push_str("<bad expr>"),
        ExprKind::Name(name) => out.push_str(name),
        ExprKind::Lit(lit) => out.push_str(&lit.text),
        ExprKind::CompositeLit(lit) => {
            if let Some(ty) = &lit.ty {
                write_expr(out, ty);
            }
            out.push_str(if lit.elems.is_empty() { "{}" } else { "{…}" });
        }
        ExprKind::FuncLit(lit) => {
            out.push_str("func");
            write_signature(out, &lit.sig);
            out.push_str(if lit.body.stmts.is_empty() { " {}" } else { " {…}" });
        }
        ExprKind::Paren(x) => {
            out.push('(');
            write_expr(out, x);
            out.push(')');
        }
        ExprKind::Selector(x, sel) => {
            write_expr(out, x);
            let _ = write!(out, ".{}", sel.name);
        }
        ExprKind::Index(x, indices) => {
            write_expr(out, x);
            out.push('[');
            write_list(out, indices);
            out.push(']');
        }
        ExprKind::Slice(s) => {
            write_expr(out, &s.x);
            out.push('[');
            for (i, index) in s.index.iter().enumerate() {
                if i == 1 || i == 2 && index.is_some() {
                    out.push(':');
                }
                if let Some(index) = index {
                    write_expr(out, index);
                }
            }
            out.push(']');
        }
        ExprKind::TypeAssert(x, ty) => {
            write_expr(out, x);
            out.push_str(".(");
            match ty {
                Some(ty) => write_expr(out, ty),
                None => out.push_str("type"),
            }
            out.push(')');
        }
        ExprKind::Call(call) => {
            write_expr(out, &call.fun);
            out.push('(');
            write_list(out, &call.args);
            if call.has_dots {
                out.push_str("...");
            }
            out.push(')');
        }
        ExprKind::Star(x) => {
            out.push('*');
            write_expr(out, x);
        }
        ExprKind::Unary(op, x) => {
            out.push_str(op.text());
            write_expr(out, x);
        }
        ExprKind::Binary(op, x, y) => {
            write_expr(out, x);
            let _ = write!(out, " {} ", op.text());
            write_expr(out, y);
        }
        ExprKind::KeyValue(key, value) => {
            write_expr(out, key);
            out.push_str(": ");
            write_expr(out, value);
        }
        ExprKind::Ellipsis(x) => {
            out.push_str("...");
            if let Some(x) = x {
                write_expr(out, x);
            }
        }
        ExprKind::ArrayType(len, elem) => {
            out.push('[');
            match len {
                Some(len) => write_expr(out, len),
                None => out.push_str("..."),
            }
            out.push(']');
            write_expr(out, elem);
        }
        ExprKind::SliceType(elem) => {
            out.push_str("[]");
            write_expr(out, elem);
        }
        ExprKind::StructType(s) => {
            out.push_str("struct{");
            let fields = s.fields.iter().map(|f| &f.field);
            write_fields(out, fields, "; ");
            out.push('}');
        }
        ExprKind::FuncType(sig) => {
            out.push_str("func");
            write_signature(out, sig);
        }
        ExprKind::InterfaceType(iface) => {
            out.push_str("interface{");
            for (i, elem) in iface.elems.iter().enumerate() {
                if i > 0 {
                    out.push_str("; ");
                }
                match elem {
                    InterfaceElem::Method { name, sig } => {
                        out.push_str(&name.name);
                        write_signature(out, sig);
                    }
                    InterfaceElem::Embedded(ty) => write_expr(out, ty),
                }
            }
            out.push('}');
        }
        ExprKind::MapType(key, value) => {
            out.push_str("map[");
            write_expr(out, key);
            out.push(']');
            write_expr(out, value);
        }
        ExprKind::ChanType(dir, elem) => {
            out.push_str(match dir {
                ChanDir::Both => "chan ",
                ChanDir::Send => "chan<- ",
                ChanDir::Recv => "<-chan ",
            });
            let inner_recv = matches!(elem.kind, ExprKind::ChanType(ChanDir::Recv, _));
            if *dir == ChanDir::Both && inner_recv {
                out.push('(');
                write_expr(out, elem);
                out.push(')');
            } else {
                write_expr(out, elem);
            }
        }
    }
}

/// Fields; neighbours that share a type expression share its text.
fn write_fields<'f>(out: &mut String, fields: impl Iterator<Item = &'f Field>, between: &str) {
    let mut fields = fields.peekable();
    let mut first = true;
    while let Some(field) = fields.next() {
        if !std::mem::take(&mut first) {
            out.push_str(between);
        }
        let Some(name) = &field.name else {
            write_expr(out, &field.ty);
            continue;
        };
        out.push_str(&name.name);
        while let Some(next) =
            fields.next_if(|n| n.name.is_some() && std::sync::Arc::ptr_eq(&n.ty, &field.ty))
        {
            let _ = write!(out, ", {}", next.name.as_ref().map_or("", |n| &n.name));
        }
        out.push(' ');
        write_expr(out, &field.ty);
    }
}

fn write_signature(out: &mut String, sig: &FuncType) {
    out.push('(');
    write_fields(out, sig.params.iter(), ", ");
    out.push(')');
    match &sig.results[..] {
        [] => (),
        [one] if one.name.is_none() => {
            out.push(' ');
            write_expr(out, &one.ty);
        }
        results => {
            out.push_str(" (");
            write_fields(out, results.iter(), ", ");
            out.push(')');
        }
    }
}
