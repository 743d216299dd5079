//! Select: with one ready case in sight a plain operation, else `runtime.selectgo`.

use super::func::Fx;
use super::place::Place;
use super::val::{Addr, TyExt, Val};
use crate::ir::{self, IntCc, Value};
use crate::syntax::ast::{self, AssignOp, ExprKind, StmtKind, UnaryOp};
use crate::types::Ty;

/// Bytes of `runtime.scase`: the channel, the address of the element.
const SCASE: u64 = 16;

/// A communication clause with its operands evaluated.
struct Comm<'a> {
    clause: &'a ast::CommClause,
    kind: CommKind<'a>,
    chan: Value,
    elem: Ty,
    /// Where the element to send is, or the one received goes.
    at: Addr,
}

enum CommKind<'a> {
    Send,
    Recv { lhs: &'a [ast::Expr], define: bool },
}

impl<'a> Fx<'_, 'a> {
    pub fn select_stmt(&mut self, s: &'a ast::SelectStmt, label: Option<ast::Name>) {
        let default = s.clauses.iter().find(|c| c.comm.is_none());
        let mut comms = Vec::new();
        for clause in s.clauses.iter().filter(|c| c.comm.is_some()) {
            let comm = self.comm(clause);
            comms.push(comm);
        }
        let done = self.b.block();
        self.push_target(label, done, None);
        match (&comms[..], default) {
            ([], None) => {
                self.rt("block", &[], &[]);
                self.b.unreachable();
                self.b.dead_block();
            }
            ([], Some(d)) => self.stmts(&d.body),
            ([one], None) => self.select_one(one),
            ([one], Some(d)) => self.select_nonblocking(one, d),
            _ => self.select_many(&comms, default),
        }
        self.pop_target();
        self.jump_if_reachable(done);
        self.b.start(done);
    }

    fn comm(&mut self, clause: &'a ast::CommClause) -> Comm<'a> {
        let stmt = clause.comm.as_ref().expect("not the default clause");
        self.at(stmt.pos);
        let (kind, rhs): (CommKind<'a>, &'a ast::Expr) = match &stmt.kind {
            StmtKind::Send(c, v) => {
                let ty = self.ty(c.id).elem();
                let chan = self.scalar(c);
                let val = self.expr_as(v, ty);
                let val = self.own(val, ty);
                let at = self.in_memory(&val, ty);
                return Comm { clause, kind: CommKind::Send, chan, elem: ty, at };
            }
            StmtKind::Expr(e) => (CommKind::Recv { lhs: &[], define: false }, e),
            StmtKind::Assign(a) => {
                (CommKind::Recv { lhs: &a.lhs, define: a.op == AssignOp::Define }, &a.rhs[0])
            }
            other => panic!("{}: select case {other:?}", self.name),
        };
        let ExprKind::Unary(UnaryOp::Recv, c) = &rhs.unparen().kind else {
            panic!("{}: select case {rhs:?}", self.name)
        };
        let elem = self.ty(c.id).elem();
        let chan = self.scalar(c);
        let at = self.temp(elem);
        self.zero(at, elem);
        Comm { clause, kind, chan, elem, at }
    }

    /// The clause's body after its communication.
    fn comm_body(&mut self, comm: &Comm<'a>, received: Option<Value>) {
        if let CommKind::Recv { lhs, define } = comm.kind {
            let mut vals: Vec<(Val, Ty)> = Vec::new();
            if !lhs.is_empty() {
                let val = self.load(comm.at, comm.elem);
                vals.push((val, comm.elem));
            }
            if lhs.len() > 1 {
                let ok = received.expect("asked for");
                vals.push((Val::one(ok), Ty::BOOL));
            }
            for (x, (val, from)) in lhs.iter().zip(vals) {
                if super::range::is_blank(x) {
                    continue;
                }
                if define && let Some(Some(obj)) = self.info().defs.get(x.id).copied() {
                    let ty = self.obj_ty(obj);
                    let val = self.assignable(val, from, ty);
                    let key = self.facts.key(obj);
                    self.declare(key, ty, Some(&val));
                    continue;
                }
                let place: Place = self.place(x);
                let ty = self.ty(x.id);
                let val = self.assignable(val, from, ty);
                self.write(&place, ty, &val);
            }
        }
        self.stmts(&comm.clause.body);
    }

    fn select_one(&mut self, comm: &Comm<'a>) {
        let p = self.addr_value(comm.at);
        let received = match comm.kind {
            CommKind::Send => {
                self.rt("chansend1", &[comm.chan, p], &[]);
                None
            }
            CommKind::Recv { .. } => Some(self.rt1("chanrecv2", &[comm.chan, p], ir::Ty::I8)),
        };
        self.comm_body(comm, received);
    }

    fn select_nonblocking(&mut self, comm: &Comm<'a>, default: &'a ast::CommClause) {
        let p = self.addr_value(comm.at);
        let (selected, received) = match comm.kind {
            CommKind::Send => (self.rt1("selectnbsend", &[comm.chan, p], ir::Ty::I8), None),
            CommKind::Recv { .. } => {
                let out = self.rt("selectnbrecv", &[p, comm.chan], &[ir::Ty::I8, ir::Ty::I8]);
                (out[0], Some(out[1]))
            }
        };
        let (then, els, done) = (self.b.block(), self.b.block(), self.b.block());
        self.b.brif(selected, then, els);
        self.b.start(then);
        self.comm_body(comm, received);
        self.jump_if_reachable(done);
        self.b.start(els);
        self.stmts(&default.body);
        self.jump_if_reachable(done);
        self.b.start(done);
    }

    fn select_many(&mut self, comms: &[Comm<'a>], default: Option<&'a ast::CommClause>) {
        let n = comms.len() as u64;
        let cases = self.temp_bytes(n * SCASE, 8);
        let order = self.temp_bytes(n * 4, 8);
        // Sends come first, from the front; receives from the back.
        let (mut n_sends, mut n_recvs) = (0u64, 0u64);
        let mut places = Vec::new();
        for comm in comms {
            let i = match comm.kind {
                CommKind::Send => {
                    n_sends += 1;
                    n_sends - 1
                }
                CommKind::Recv { .. } => {
                    n_recvs += 1;
                    n - n_recvs
                }
            };
            places.push(i);
            let p = self.addr_value(comm.at);
            self.store_plain(cases, i * SCASE, comm.chan);
            self.store_plain(cases, i * SCASE + 8, p);
        }
        let (cases, order) = (self.addr_value(cases), self.addr_value(order));
        let nil = self.b.nil();
        let (sends, recvs) = (self.b.i64(n_sends as i64), self.b.i64(n_recvs as i64));
        let block = self.b.bool(default.is_none());
        let out = self.rt("selectgo", &[cases, order, nil, sends, recvs, block], &[ir::Ty::I64, ir::Ty::I8]);
        let (chosen, received) = (out[0], out[1]);
        let done = self.b.block();
        if let Some(d) = default {
            let (then, next) = (self.b.block(), self.b.block());
            let none = self.b.icmp_imm(IntCc::Slt, chosen, 0);
            self.b.brif(none, then, next);
            self.b.start(then);
            self.stmts(&d.body);
            self.jump_if_reachable(done);
            self.b.start(next);
        }
        for (i, (comm, place)) in comms.iter().zip(places).enumerate() {
            if i + 1 < comms.len() {
                let (then, next) = (self.b.block(), self.b.block());
                let is_it = self.b.icmp_imm(IntCc::Eq, chosen, place as i64);
                self.b.brif(is_it, then, next);
                self.b.start(then);
                self.comm_body(comm, Some(received));
                self.jump_if_reachable(done);
                self.b.start(next);
            } else {
                self.comm_body(comm, Some(received));
                self.jump_if_reachable(done);
            }
        }
        self.b.start(done);
    }
}
