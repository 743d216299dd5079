//! The tree as text, in the short form messages use: bodies and long lists are left out.

use super::ast::*;
use crate::base::Pos;

/// An expression as a message shows it.
pub fn expr(x: &Expr) -> String {
    let mut out = String::new();
    write(&mut out, x);
    out
}

/// An operand, in parentheses when it would be misread beside `=`.
pub fn emphasized(x: &Expr) -> String {
    let text = expr(x);
    match x.kind {
        ExprKind::Binary(..) => format!("({text})"),
        _ => text,
    }
}

/// A simple statement as a message shows it.
pub fn stmt(kind: &StmtKind) -> String {
    let list = |xs: &[Expr]| xs.iter().map(expr).collect::<Vec<_>>().join(", ");
    match kind {
        StmtKind::Expr(x) => expr(x),
        StmtKind::Send(c, v) => format!("{} <- {}", expr(c), expr(v)),
        StmtKind::IncDec(x, up) => format!("{}{}", expr(x), if *up { "++" } else { "--" }),
        StmtKind::Assign(a) => {
            let op = match a.op {
                AssignOp::Plain => "=".to_owned(),
                AssignOp::Define => ":=".to_owned(),
                AssignOp::Op(op) => format!("{}=", op.text()),
            };
            format!("{} {op} {}", list(&a.lhs), list(&a.rhs))
        }
        _ => String::new(),
    }
}

/// The first byte of a simple statement.
pub fn stmt_start(kind: &StmtKind) -> Option<Pos> {
    match kind {
        StmtKind::Expr(x) | StmtKind::Send(x, _) | StmtKind::IncDec(x, _) => Some(x.start()),
        StmtKind::Assign(a) => a.lhs.first().map(Expr::start),
        _ => None,
    }
}

fn write_list(out: &mut String, list: &[Expr]) {
    for (i, x) in list.iter().enumerate() {
        if i > 0 {
            out.push_str(", ");
        }
        write(out, x);
    }
}

fn write(out: &mut String, x: &Expr) {
    match &x.kind {
        ExprKind::Bad => out.push('_'),
        ExprKind::Name(name) => out.push_str(name),
        ExprKind::Lit(lit) => out.push_str(&lit.text),
        ExprKind::CompositeLit(lit) => {
            if let Some(ty) = &lit.ty {
                write(out, ty);
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
            write(out, x);
            out.push(')');
        }
        ExprKind::Selector(x, sel) => {
            write(out, x);
            out.push('.');
            out.push_str(&sel.name);
        }
        ExprKind::Index(x, indices) => {
            write(out, x);
            out.push('[');
            write_list(out, indices);
            out.push(']');
        }
        ExprKind::Slice(s) => {
            write(out, &s.x);
            out.push('[');
            for (i, index) in s.index.iter().enumerate() {
                if i == 1 || i == 2 && s.full {
                    out.push(':');
                }
                if let Some(index) = index {
                    write(out, index);
                }
            }
            out.push(']');
        }
        ExprKind::TypeAssert(x, ty) => {
            write(out, x);
            out.push_str(".(");
            match ty {
                Some(ty) => write(out, ty),
                None => out.push_str("type"),
            }
            out.push(')');
        }
        ExprKind::Call(call) => {
            write(out, &call.fun);
            out.push('(');
            write_list(out, &call.args);
            if call.has_dots {
                out.push_str("...");
            }
            out.push(')');
        }
        ExprKind::Star(x) => {
            out.push('*');
            write(out, x);
        }
        ExprKind::Unary(op, x) => {
            out.push_str(op.text());
            write(out, x);
        }
        ExprKind::Binary(op, l, r) => {
            write(out, l);
            out.push(' ');
            out.push_str(op.text());
            out.push(' ');
            write(out, r);
        }
        ExprKind::KeyValue(key, value) => {
            write(out, key);
            out.push_str(": ");
            write(out, value);
        }
        ExprKind::Ellipsis(elem) => {
            out.push_str("...");
            if let Some(elem) = elem {
                write(out, elem);
            }
        }
        ExprKind::ArrayType(len, elem) => {
            out.push('[');
            match len {
                Some(len) => write(out, len),
                None => out.push_str("..."),
            }
            out.push(']');
            write(out, elem);
        }
        ExprKind::SliceType(elem) => {
            out.push_str("[]");
            write(out, elem);
        }
        ExprKind::StructType(ty) => write_struct(out, ty),
        ExprKind::FuncType(sig) => {
            out.push_str("func");
            write_signature(out, sig);
        }
        ExprKind::InterfaceType(ty) => write_interface(out, ty),
        ExprKind::MapType(key, value) => {
            out.push_str("map[");
            write(out, key);
            out.push(']');
            write(out, value);
        }
        ExprKind::ChanType(dir, elem) => {
            out.push_str(match dir {
                ChanDir::Both => "chan ",
                ChanDir::Send => "chan<- ",
                ChanDir::Recv => "<-chan ",
            });
            // chan (<-chan T)
            let parens = *dir != ChanDir::Send && matches!(elem.kind, ExprKind::ChanType(ChanDir::Recv, _));
            if parens {
                out.push('(');
            }
            write(out, elem);
            if parens {
                out.push(')');
            }
        }
    }
}

fn write_struct(out: &mut String, ty: &StructType) {
    out.push_str("struct{");
    for (i, field) in ty.fields.iter().enumerate() {
        if i > 0 {
            out.push_str("; ");
        }
        if let Some(name) = &field.field.name {
            out.push_str(&name.name);
            out.push(' ');
        }
        write(out, &field.field.ty);
    }
    out.push('}');
}

fn write_interface(out: &mut String, ty: &InterfaceType) {
    if let [InterfaceElem::Embedded(x)] = &ty.elems[..]
        && matches!(x.kind, ExprKind::Unary(UnaryOp::Tilde, _) | ExprKind::Binary(..))
    {
        out.push_str("interface{");
        write(out, x);
        return out.push('}');
    }
    out.push_str("interface{");
    for (i, elem) in ty.elems.iter().enumerate() {
        if i > 0 {
            out.push_str("; ");
        }
        match elem {
            InterfaceElem::Method { name, sig } => {
                out.push_str(&name.name);
                write_signature(out, sig);
            }
            InterfaceElem::Embedded(x) => write(out, x),
        }
    }
    out.push('}');
}

fn write_signature(out: &mut String, sig: &FuncType) {
    out.push('(');
    write_fields(out, &sig.params);
    out.push(')');
    match &sig.results[..] {
        [] => (),
        [one] if one.name.is_none() => {
            out.push(' ');
            write(out, &one.ty);
        }
        results => {
            out.push_str(" (");
            write_fields(out, results);
            out.push(')');
        }
    }
}

/// `a, b int, c string`: names that share a type are written before it.
fn write_fields(out: &mut String, fields: &[Field]) {
    for (i, field) in fields.iter().enumerate() {
        if i > 0 {
            out.push_str(", ");
        }
        if let Some(name) = &field.name {
            out.push_str(&name.name);
            let shared = fields
                .get(i + 1)
                .is_some_and(|next| next.name.is_some() && std::sync::Arc::ptr_eq(&next.ty, &field.ty));
            if shared {
                continue;
            }
            out.push(' ');
        }
        write(out, &field.ty);
    }
}
