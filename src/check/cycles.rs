//! Cycles among declarations: which are fine, and how the others are reported.
//!
//! - Objects that need each other while being declared ([`Checker::is_valid_cycle`]).
//! - Types that are declared as each other, without a type literal between them ([`Checker::find_direct_cycles`]).
//! - Types that contain themselves ([`Checker::check_expansion`]).
//! - Generic types and functions whose instances need ever larger instances ([`MonoGraph`]).

use rustc_hash::FxHashMap;

use super::codes::Code;
use super::message::Fault;
use super::{Checker, DeclKind};
use crate::base::Pos;
use crate::syntax::ast;
use crate::types::{Kind, ObjKind, ObjRef, Ty};

/// A station of a cycle, for the message.
#[derive(Clone)]
struct Station {
    pos: Pos,
    name: String,
    obj: ObjRef,
}

impl<'a> Checker<'a> {
    /// Whether the objects on the path from `start` on may need each other; reports it if not.
    pub(super) fn is_valid_cycle(&mut self, start: usize) -> bool {
        let cycle = self.path[start..].to_vec();
        let (mut n_values, mut n_types) = (0, 0);
        for obj in &cycle {
            match obj.kind {
                ObjKind::Const { .. } | ObjKind::Var(_) => n_values += 1,
                ObjKind::TypeName => {
                    // Cycles through type parameter lists are fine (go.dev/issue/68162).
                    if self.env.in_tparam_list && obj.ty().is_some_and(|t| self.is_generic(t)) {
                        return true;
                    }
                    if !self.is_alias_decl(*obj) {
                        n_types += 1;
                    }
                }
                _ => (),
            }
        }
        // Variables and constants alone: the initialisation order will complain.
        if n_values == cycle.len() || n_values == 0 && n_types > 0 {
            return true;
        }
        self.path_cycle_error(start);
        false
    }

    fn is_alias_decl(&self, obj: ObjRef) -> bool {
        match self.decl_of.get(&obj).map(|&n| &self.decls[n as usize].kind) {
            Some(DeclKind::Type(d)) => d.alias,
            _ => obj.is_alias(),
        }
    }

    /// Reports the objects on the path from `start` on.
    pub(super) fn path_cycle_error(&mut self, start: usize) {
        let cycle: Vec<Station> = self.path[start..].iter().map(|&o| self.station(o)).collect();
        let first = first_in_source(&cycle);
        self.cycle_error(&cycle, first);
    }

    fn station(&self, obj: ObjRef) -> Station {
        let name = match obj.pkg {
            Some(pkg) if pkg != self.pkg => format!("{}.{}", pkg.name(), obj.name),
            _ => obj.name.to_owned(),
        };
        Station { pos: obj.pos, name, obj }
    }

    fn type_station(&mut self, ty: Ty) -> Station {
        let named = ty.as_named().expect("only named types take part in type cycles");
        let mut station = self.station(named.obj());
        if named.instance().is_some() {
            station.name = self.ts(ty);
            station.pos = self.instance_pos.get(&ty).copied().unwrap_or(station.pos);
        }
        station
    }

    fn cycle_error(&mut self, cycle: &[Station], start: usize) {
        let first = &cycle[start];
        let is_type = first.obj.is_type_name();
        // An alias in a cycle is taken to be valid, so that nobody complains again.
        if let Some(alias) = first.obj.ty().and_then(Ty::as_alias) {
            alias.set_rhs(Ty::INVALID);
        }
        let mut fault = Fault::new(Code::InvalidDeclCycle);
        if cycle.len() == 1 {
            let what = if is_type { "invalid recursive type" } else { "invalid cycle in declaration" };
            fault.add(first.pos, format!("{what}: {} refers to itself", first.name));
            self.report(fault);
            return;
        }
        let what = if is_type { "invalid recursive type" } else { "invalid cycle in declaration of" };
        fault.add(first.pos, format!("{what} {}", first.name));
        for i in 0..cycle.len() {
            let (at, next) = (&cycle[(start + i) % cycle.len()], &cycle[(start + i + 1) % cycle.len()]);
            fault.add(at.pos, format!("{} refers to {}", at.name, next.name));
        }
        self.report(fault);
    }

    /// Finds types declared as each other: `type A B; type B A`.
    pub(super) fn find_direct_cycles(&mut self) {
        let mut done: FxHashMap<ObjRef, bool> = FxHashMap::default();
        for i in 0..self.decls.len() {
            let mut at = self.decls[i].obj;
            if !at.is_type_name() {
                continue;
            }
            let mut path: Vec<ObjRef> = Vec::new();
            loop {
                match done.get(&at) {
                    Some(true) => break,
                    Some(false) => {
                        let start = path.iter().position(|&o| o == at).expect("open objects are on the path");
                        at.set_ty(Ty::INVALID);
                        let cycle: Vec<Station> = path[start..].iter().map(|&o| self.station(o)).collect();
                        let first = first_in_source(&cycle);
                        self.cycle_error(&cycle, first);
                        break;
                    }
                    None => (),
                }
                done.insert(at, false);
                path.push(at);
                let Some(next) = self.declared_as(at) else { break };
                at = next;
            }
            for obj in path {
                done.insert(obj, true);
            }
        }
    }

    /// The type of this package whose name is all of the right-hand side.
    fn declared_as(&self, obj: ObjRef) -> Option<ObjRef> {
        let DeclKind::Type(d) = self.decls[*self.decl_of.get(&obj)? as usize].kind else { return None };
        let ast::ExprKind::Name(name) = &d.ty.kind else { return None };
        let next = *self.pkg_names.get(&**name)?;
        (next.is_type_name() && self.decl_of.contains_key(&next)).then_some(next)
    }

    /// Whether the type is far enough to have values; a cycle is reported if it is still being declared.
    pub(super) fn is_complete(&mut self, ty: Ty) -> bool {
        if self.path.is_empty() {
            return true;
        }
        let mut at = ty;
        loop {
            let (obj, rhs) = match at.kind() {
                Kind::Alias(a) if a.instance().is_none() => (a.obj(), a.rhs()),
                Kind::Named(n) if n.instance().is_none() => (n.obj(), n.rhs()),
                _ => return true,
            };
            if let Some(start) = self.path.iter().position(|&o| o == obj) {
                self.path_cycle_error(start);
                return false;
            }
            match rhs {
                Some(rhs) => at = rhs,
                None => return true,
            }
        }
    }

    /// Reports a type that contains itself, other than behind a pointer.
    pub(super) fn check_expansion(&mut self, ty: Ty) {
        self.expand(ty, &mut Vec::new(), &mut Vec::new());
    }

    /// `nest`: the types whose memory contains `ty`; `path`: the same with type arguments' own paths kept.
    fn expand(&mut self, ty: Ty, nest: &mut Vec<Ty>, path: &mut Vec<Ty>) -> bool {
        let ty = ty.unalias();
        match ty.kind() {
            Kind::Array(a) => self.expand(a.elem, nest, path),
            Kind::Struct(s) => s.fields.iter().all(|f| self.expand(f.typ(), nest, path)),
            Kind::Union(u) => u.terms.iter().all(|t| self.expand(t.ty, nest, path)),
            Kind::Interface(i) => i.embeddeds().iter().all(|&e| self.expand(e, nest, path)),
            Kind::Named(named) => {
                let origin = named.origin();
                let generic = origin.as_named().expect("an origin is a named type");
                // Imported types were checked with their own package; only their arguments could matter.
                if generic.obj().pkg != Some(self.pkg) && named.targs().is_empty() {
                    return true;
                }
                if nest.iter().any(|&n| n == ty || self.identical(n, ty)) {
                    generic.set_rhs(Ty::INVALID);
                    let start = path.iter().position(|&p| p == ty || self.identical(p, ty));
                    let start = start.expect("what is nested is on the path");
                    let cycle: Vec<Station> = path[start..].iter().map(|&t| self.type_station(t)).collect();
                    self.cycle_error(&cycle, 0);
                    return false;
                }
                let Some(rhs) = generic.rhs() else { return true };
                nest.push(ty);
                path.push(ty);
                let fine = self.expand(rhs, nest, path);
                nest.pop();
                path.pop();
                fine
            }
            Kind::TypeParam(param) => {
                // The parameter stands for the argument it was instantiated with, which must be fine in the place
                // where that was done.
                let Some(&inst) = nest.last() else { return true };
                let named = inst.as_named().expect("only named types nest");
                let Some(generic) = named.origin().as_named() else { return true };
                let (tparams, targs) = (generic.tparams(), named.targs());
                if tparams.get(param.index()) != Some(&ty) || targs.len() != tparams.len() {
                    return true;
                }
                nest.pop();
                let fine = self.expand(targs[param.index()], nest, path);
                nest.push(inst);
                fine
            }
            _ => true,
        }
    }

    /// Whether the size of a type is known only at run time, or not at all because the type contains itself.
    pub(super) fn has_var_size(&mut self, ty: Ty) -> bool {
        let ty = ty.unalias();
        match ty.kind() {
            Kind::Named(named) => {
                let obj = named.obj();
                if let Some(&known) = self.var_sizes.get(&ty) {
                    return known;
                }
                if named.instance().is_some() {
                    // What an instance of a type that contains itself answers to the question inside itself.
                    self.var_sizes.insert(ty, true);
                } else if let Some(start) = self.path.iter().position(|&o| o == obj) {
                    self.path_cycle_error(start);
                    return true;
                }
                self.path.push(obj);
                let found = named.rhs().is_some_and(|rhs| self.has_var_size(rhs));
                self.path.pop();
                self.var_sizes.insert(ty, found);
                found
            }
            Kind::Array(a) => self.has_var_size(a.elem),
            Kind::Struct(s) => s.fields.iter().any(|f| self.has_var_size(f.typ())),
            Kind::TypeParam(_) => true,
            _ => false,
        }
    }

    /// Reports interfaces without a name that mention themselves: `interface { m() interface{ T } }` in the declaration
    /// of T. They have no finite description (go.dev/issue/56103).
    pub(super) fn check_interface_cycles(&mut self) {
        let mut cyclic: FxHashMap<Ty, bool> = FxHashMap::default();
        let mut interfaces = std::mem::take(&mut self.interfaces);
        interfaces.sort_by_key(|(at, _)| *at);
        for (at, ty) in interfaces {
            if methods_lead_back(ty, &mut cyclic) {
                let text = "invalid recursive type: anonymous interface refers to itself \
                            (see https://go.dev/issue/56103)";
                self.error(at, Code::InvalidTypeCycle, text);
                // Once is enough.
                cyclic.values_mut().for_each(|open| *open = false);
            }
        }
    }

    /// Reports generic code that would need infinitely many instances.
    pub(super) fn check_instance_cycles(&mut self) {
        let Some(v) = self.mono.find_loop() else { return };
        let graph = &self.mono;
        let mut seen = vec![false; graph.vertices.len()];
        let (mut stack, mut v) = (Vec::new(), v);
        while !std::mem::replace(&mut seen[v], true) {
            stack.push(v);
            v = graph.edges[graph.vertices[v].via].from;
        }
        let start = stack.iter().position(|&s| s == v).expect("the walk came back to it");
        let mut fault = Fault::new(Code::InvalidInstanceCycle);
        fault.add(graph.vertices[v].obj.pos, "instantiation cycle:");
        let lines: Vec<_> = stack[start..]
            .iter()
            .map(|&s| {
                let edge = &graph.edges[graph.vertices[s].via];
                (edge.pos, graph.vertices[edge.to].obj, edge.ty)
            })
            .collect();
        for (pos, obj, ty) in lines {
            let how = if obj.typ().as_type_param().is_some() {
                "instantiated as"
            } else {
                "implicitly parameterized by"
            };
            let text = format!("{} {how} {}", obj.name, self.ts(ty));
            fault.add(pos, text);
        }
        self.report(fault);
    }
}

fn first_in_source(cycle: &[Station]) -> usize {
    (0..cycle.len()).min_by_key(|&i| cycle[i].pos).expect("a cycle has stations")
}

/// Whether the methods of an interface mention an interface that is open in `cyclic`.
fn methods_lead_back(ty: Ty, cyclic: &mut FxHashMap<Ty, bool>) -> bool {
    let Some(interface) = ty.underlying().as_interface() else { return false };
    interface.type_set().methods.iter().any(|m| leads_back(m.typ(), cyclic))
}

fn leads_back(ty: Ty, cyclic: &mut FxHashMap<Ty, bool>) -> bool {
    let ty = ty.unalias();
    match ty.kind() {
        Kind::Array(a) => leads_back(a.elem, cyclic),
        Kind::Slice(elem) | Kind::Pointer(elem) => leads_back(*elem, cyclic),
        Kind::Chan(c) => leads_back(c.elem, cyclic),
        Kind::Map(m) => leads_back(m.key, cyclic) || leads_back(m.elem, cyclic),
        Kind::Struct(s) => s.fields.iter().any(|f| leads_back(f.typ(), cyclic)),
        Kind::Signature(s) => s.params.iter().chain(&s.results).any(|v| leads_back(v.typ(), cyclic)),
        Kind::Interface(i) => {
            if i.methods().is_empty() && i.embeddeds().is_empty() {
                return false;
            }
            if let Some(&open) = cyclic.get(&ty) {
                return open;
            }
            cyclic.insert(ty, true);
            let found = methods_lead_back(ty, cyclic);
            if !found {
                cyclic.insert(ty, false);
            }
            found
        }
        // Names end a description.
        _ => false,
    }
}

/// Which type parameters flow into which by instantiation. A cycle on which a type grows never ends.
#[derive(Default)]
pub(super) struct MonoGraph {
    vertices: Vec<Vertex>,
    edges: Vec<Edge>,
    index: FxHashMap<ObjRef, usize>,
    /// A method's receiver type parameter stands for the type's own.
    canon: FxHashMap<ObjRef, ObjRef>,
}

struct Vertex {
    obj: ObjRef,
    weight: u32,
    /// The edge by which the heaviest path comes here.
    via: usize,
    len: usize,
}

struct Edge {
    to: usize,
    from: usize,
    /// 0: the parameter is passed on as it is; 1: as part of another type.
    weight: u32,
    pos: Pos,
    ty: Ty,
}

impl MonoGraph {
    pub fn canonical(&mut self, method_param: ObjRef, type_param: ObjRef) {
        self.canon.insert(method_param, type_param);
    }

    /// A type declared inside a generic function depends on that function's parameters.
    pub fn local_type(&mut self, obj: ObjRef, tparams: &[Ty]) {
        for &tparam in tparams {
            let Some(param) = tparam.as_type_param() else { continue };
            let (to, from) = (self.vertex(obj), self.vertex(param.obj));
            self.edges.push(Edge { to, from, weight: 1, pos: obj.pos, ty: tparam });
        }
    }

    /// `tparam` is given `targ` at `pos`.
    pub fn assign(&mut self, pkg: crate::types::PkgRef, pos: Pos, tparam: Ty, targ: Ty) {
        let Some(param) = tparam.as_type_param() else { return };
        // A cycle lies in one package.
        if param.obj.pkg != Some(pkg) {
            return;
        }
        let mut sources = Vec::new();
        self.sources(targ, &mut sources, 0);
        for (source, whole) in sources {
            let (to, from) = (self.vertex(param.obj), self.vertex(source));
            self.edges.push(Edge { to, from, weight: u32::from(!whole), pos, ty: targ });
        }
    }

    /// The type parameters and local types that `ty` mentions, and whether they are all of it.
    fn sources(&self, ty: Ty, out: &mut Vec<(ObjRef, bool)>, depth: usize) {
        let whole = depth == 0;
        let next = depth + 1;
        // Interfaces may mention themselves.
        if depth > 20 {
            return;
        }
        match ty.unalias().kind() {
            Kind::TypeParam(p) => out.push((p.obj, whole)),
            Kind::Named(n) => {
                if self.index.contains_key(&n.obj()) && n.obj().ordinal() != Some(0) {
                    out.push((n.obj(), whole));
                }
                n.targs().iter().for_each(|&t| self.sources(t, out, next));
            }
            Kind::Array(a) => self.sources(a.elem, out, next),
            Kind::Slice(t) | Kind::Pointer(t) => self.sources(*t, out, next),
            Kind::Chan(c) => self.sources(c.elem, out, next),
            Kind::Map(m) => {
                self.sources(m.key, out, next);
                self.sources(m.elem, out, next);
            }
            Kind::Interface(i) => i.type_set().methods.iter().for_each(|m| self.sources(m.typ(), out, next)),
            Kind::Signature(s) => {
                s.params.iter().chain(&s.results).for_each(|v| self.sources(v.typ(), out, next));
            }
            Kind::Struct(s) => s.fields.iter().for_each(|f| self.sources(f.typ(), out, next)),
            _ => (),
        }
    }

    fn vertex(&mut self, obj: ObjRef) -> usize {
        let obj = self.canon.get(&obj).copied().unwrap_or(obj);
        if let Some(&known) = self.index.get(&obj) {
            return known;
        }
        self.vertices.push(Vertex { obj, weight: 0, via: 0, len: 0 });
        self.index.insert(obj, self.vertices.len() - 1);
        self.vertices.len() - 1
    }

    /// Looks for heavier and heavier paths; one as long as there are vertices runs in a circle.
    fn find_loop(&mut self) -> Option<usize> {
        loop {
            let mut again = false;
            for (i, edge) in self.edges.iter().enumerate() {
                let (weight, len) =
                    (self.vertices[edge.from].weight + edge.weight, self.vertices[edge.from].len);
                let n = self.vertices.len();
                let to = &mut self.vertices[edge.to];
                if weight <= to.weight {
                    continue;
                }
                to.via = i;
                to.len = len + 1;
                if to.len == n {
                    return Some(edge.to);
                }
                to.weight = weight;
                again = true;
            }
            if !again {
                return None;
            }
        }
    }
}
