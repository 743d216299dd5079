//! Every expression below a node, outer ones before inner ones, in source order.

use super::{AssignStmt, Block, Decl, Expr, ExprKind, File, Stmt, StmtKind};

/// Calls `f` for each expression of the file.
pub fn exprs_of_file<'a>(file: &'a File, f: &mut dyn FnMut(&'a Expr)) {
    file.decls.iter().for_each(|decl| exprs_of_decl(decl, f));
}

/// Calls `f` for each expression of the declaration. Types are looked into no further than array lengths go.
pub fn exprs_of_decl<'a>(decl: &'a Decl, f: &mut dyn FnMut(&'a Expr)) {
    match decl {
        Decl::Import(_) | Decl::Type(_) => {}
        Decl::Const(decl) => decl.values.iter().for_each(|x| expr(x, f)),
        Decl::Var(decl) => decl.values.iter().for_each(|x| expr(x, f)),
        Decl::Func(decl) => decl.body.iter().for_each(|body| exprs_of_block(body, f)),
    }
}

/// Calls `f` for each expression of the block.
pub fn exprs_of_block<'a>(block: &'a Block, f: &mut dyn FnMut(&'a Expr)) {
    block.stmts.iter().for_each(|s| stmt(s, f));
}

fn stmt<'a>(s: &'a Stmt, f: &mut dyn FnMut(&'a Expr)) {
    match &s.kind {
        StmtKind::Empty | StmtKind::Bad | StmtKind::Branch(..) => {}
        StmtKind::Labeled(_, s) => stmt(s, f),
        StmtKind::Expr(x) | StmtKind::IncDec(x, _) | StmtKind::Go(x) | StmtKind::Defer(x) => expr(x, f),
        StmtKind::Send(x, y) => {
            expr(x, f);
            expr(y, f);
        }
        StmtKind::Assign(assign) => {
            let AssignStmt { op: _, lhs, rhs } = &**assign;
            lhs.iter().chain(rhs).for_each(|x| expr(x, f));
        }
        StmtKind::Return(xs) => xs.iter().for_each(|x| expr(x, f)),
        StmtKind::Block(b) => exprs_of_block(b, f),
        StmtKind::If(s) => {
            s.init.iter().for_each(|s| stmt(s, f));
            expr(&s.cond, f);
            exprs_of_block(&s.then, f);
            s.els.iter().for_each(|s| stmt(s, f));
        }
        StmtKind::Switch(s) => {
            s.init.iter().for_each(|s| stmt(s, f));
            s.tag.iter().for_each(|x| expr(x, f));
            for clause in &s.clauses {
                clause.exprs.iter().for_each(|x| expr(x, f));
                clause.body.iter().for_each(|s| stmt(s, f));
            }
        }
        StmtKind::TypeSwitch(s) => {
            s.init.iter().for_each(|s| stmt(s, f));
            expr(&s.x, f);
            s.clauses.iter().flat_map(|clause| &clause.body).for_each(|s| stmt(s, f));
        }
        StmtKind::Select(s) => {
            for clause in &s.clauses {
                clause.comm.iter().for_each(|s| stmt(s, f));
                clause.body.iter().for_each(|s| stmt(s, f));
            }
        }
        StmtKind::For(s) => {
            s.init.iter().for_each(|s| stmt(s, f));
            s.cond.iter().for_each(|x| expr(x, f));
            s.post.iter().for_each(|s| stmt(s, f));
            exprs_of_block(&s.body, f);
        }
        StmtKind::Range(s) => {
            s.key.iter().chain(&s.value).for_each(|x| expr(x, f));
            expr(&s.x, f);
            exprs_of_block(&s.body, f);
        }
        StmtKind::Decl(decls) => decls.iter().for_each(|decl| exprs_of_decl(decl, f)),
    }
}

fn expr<'a>(x: &'a Expr, f: &mut dyn FnMut(&'a Expr)) {
    f(x);
    match &x.kind {
        ExprKind::FuncLit(lit) => exprs_of_block(&lit.body, f),
        _ => children(x, &mut |x| expr(x, f)),
    }
}

/// Calls `f` for each expression that stands directly in `x`, but for function literals' bodies.
pub fn children<'a>(x: &'a Expr, f: &mut dyn FnMut(&'a Expr)) {
    match &x.kind {
        ExprKind::CompositeLit(lit) => lit.elems.iter().for_each(f),
        ExprKind::Paren(x) | ExprKind::Selector(x, _) | ExprKind::Star(x) | ExprKind::Unary(_, x) => f(x),
        ExprKind::TypeAssert(x, _) => f(x),
        ExprKind::Index(x, indices) => {
            f(x);
            indices.iter().for_each(f);
        }
        ExprKind::Slice(slice) => {
            f(&slice.x);
            slice.index.iter().flatten().for_each(f);
        }
        ExprKind::Call(call) => {
            f(&call.fun);
            call.args.iter().for_each(f);
        }
        ExprKind::Binary(_, x, y) | ExprKind::KeyValue(x, y) => {
            f(x);
            f(y);
        }
        ExprKind::Bad
        | ExprKind::Name(_)
        | ExprKind::Lit(_)
        | ExprKind::FuncLit(_)
        | ExprKind::Ellipsis(_)
        | ExprKind::ArrayType(..)
        | ExprKind::SliceType(_)
        | ExprKind::StructType(_)
        | ExprKind::FuncType(_)
        | ExprKind::InterfaceType(_)
        | ExprKind::MapType(..)
        | ExprKind::ChanType(..) => {}
    }
}
