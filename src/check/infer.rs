//! Type inference: the type arguments that a call or an assignment leaves out.
//!
//! ```text
//! typed arguments ──unify──▶ slots ◀──core types and methods of constraints── (until nothing changes)
//!                              ▲
//! untyped constants' default types, for what is still open ──▶ simplify ──▶ type arguments
//! ```

use super::Checker;
use super::message::Fault;
use super::operand::Operand;
use super::unify::{Mode, Unifier};
use crate::base::Pos;
use crate::types::{Kind, ObjRef, Signature, Subst, Term, Ty};
use crate::types::{default_type, max_type};

impl<'a> Checker<'a> {
    /// The arguments for `tparams`; `targs` holds those that are known. `params` and `args` correspond. `reverse`: the
    /// only argument is the target of an assignment of a generic function. `None`: not to be inferred, `fault` says
    /// why unless that has been reported already.
    pub(super) fn infer(
        &mut self,
        at: Pos,
        tparams: &[Ty],
        mut targs: Vec<Option<Ty>>,
        params: &[ObjRef],
        args: &[Operand<'a>],
        reverse: bool,
        fault: &mut Fault,
    ) -> Option<Vec<Ty>> {
        if args.iter().any(|arg| !arg.is_valid()) {
            return None;
        }
        targs.resize(tparams.len(), None);
        if let Some(all) = targs.iter().copied().collect::<Option<Vec<Ty>>>() {
            return Some(all);
        }
        // Parameters of known type take any assignable argument; unification would ask for too much there.
        let known = known_only(tparams, &targs);
        let params: Vec<Ty> = params.iter().map(|p| known.ty(p.typ())).collect();
        let mut unifier = Unifier::new(tparams, &targs, self.allows(21));

        let mut untyped = Vec::new();
        for (i, (&param, arg)) in params.iter().zip(args).enumerate() {
            if !mentions(tparams, param) && !mentions(tparams, arg.ty) {
                continue;
            }
            if self.is_typed(arg.ty) {
                if !unifier.unify(self, param, arg.ty, Mode::ASSIGN) {
                    self.mismatch(tparams, &unifier, param, arg, reverse, fault);
                    return None;
                }
            } else if param.as_type_param().is_some() && !arg.is_nil() {
                untyped.push(i);
            }
        }
        self.use_constraints(at, tparams, &mut unifier, fault)?;
        self.use_untyped(tparams, &mut unifier, &untyped, &params, args, fault)?;
        self.simplify(at, tparams, unifier.inferred(), fault)
    }

    /// An argument's type does not fit its parameter's.
    fn mismatch(
        &mut self,
        tparams: &[Ty],
        unifier: &Unifier,
        param: Ty,
        arg: &Operand<'a>,
        reverse: bool,
        fault: &mut Fault,
    ) {
        let inferred = unifier.inferred();
        let (arg_ty, text) = (self.ts(arg.ty), arg.text());
        if inferred.iter().all(Option::is_none) {
            let names = self.param_names(tparams);
            let param = self.ts(param);
            let words = format!("type {arg_ty} of {text} does not match {param} (cannot infer {names})");
            fault.add(arg.at(), words);
            return;
        }
        let best = known_only(tparams, &inferred).ty(param);
        let (shown, inferred) = (self.ts(param), self.ts(best));
        let words = if best == param {
            format!("type {arg_ty} of {text} does not match {shown}")
        } else if reverse {
            format!("inferred type {inferred} for {shown} does not match type {arg_ty} of {text}")
        } else {
            format!("type {arg_ty} of {text} does not match inferred type {inferred} for {shown}")
        };
        fault.add(arg.at(), words);
    }

    /// Core types and methods of constraints say more about the arguments, until nothing new comes of it.
    fn use_constraints(
        &mut self,
        at: Pos,
        tparams: &[Ty],
        unifier: &mut Unifier,
        fault: &mut Fault,
    ) -> Option<()> {
        loop {
            let n_unknown = unifier.n_unknown();
            for (i, &tparam) in tparams.iter().enumerate() {
                let param = tparam.as_type_param().expect("a list of type parameters holds nothing else");
                let known = unifier.at(i);
                let bound = param.bound().unwrap_or(Ty::INVALID);
                if let Some((core, single)) = self.core_term(tparam) {
                    match known {
                        Some(known) => {
                            if !unifier.unify(self, known, core.ty, Mode::INEXACT) {
                                let words = format!(
                                    "{} (type {}) does not satisfy {}",
                                    self.ts(tparam),
                                    self.ts(known),
                                    self.ts(bound)
                                );
                                fault.add(at, words);
                                return None;
                            }
                        }
                        None if single && !core.tilde => unifier.set(i, core.ty),
                        None => (),
                    }
                }
                // Types that still mention parameters do not show their final methods.
                if let Some(known) = known
                    && !mentions(tparams, known)
                {
                    let mut cause = String::new();
                    let constraint = param.interface();
                    let mut equivalent = |cx: &mut Self, x: Ty, y: Ty| unifier.unify(cx, x, y, Mode::EXACT);
                    if !self.has_all_methods(known, constraint, true, &mut equivalent, &mut cause) {
                        let words = format!(
                            "{} (type {}) does not satisfy {} {cause}",
                            self.ts(tparam),
                            self.ts(known),
                            self.ts(bound)
                        );
                        fault.add(at, words);
                        return None;
                    }
                }
            }
            if unifier.n_unknown() == n_unknown {
                return Some(());
            }
        }
    }

    /// The one type, or the underlying type common to all types, that a constraint allows; the flag tells the former.
    fn core_term(&mut self, tparam: Ty) -> Option<(Term, bool)> {
        let terms = self.terms_of(tparam);
        if let [single] = terms[..] {
            return Some((single, true));
        }
        let ty = if terms.is_empty() { None } else { self.common_under(tparam) }?;
        Some((Term { tilde: terms.iter().any(|t| t.tilde), ty }, false))
    }

    /// What only untyped constants were passed for gets the default type of the largest kind among them.
    fn use_untyped(
        &mut self,
        tparams: &[Ty],
        unifier: &mut Unifier,
        untyped: &[usize],
        params: &[Ty],
        args: &[Operand<'a>],
        fault: &mut Fault,
    ) -> Option<()> {
        let mut largest: Vec<Option<Ty>> = vec![None; tparams.len()];
        for &i in untyped {
            let Some(p) = unifier.index_of(params[i]) else { continue };
            if unifier.at(p).is_some() {
                continue;
            }
            let arg = &args[i];
            largest[p] = Some(match largest[p] {
                None => arg.ty,
                Some(max) => match max_type(max, arg.ty) {
                    Some(max) => max,
                    None => {
                        let words = format!(
                            "mismatched types {} and {} (cannot infer {})",
                            self.ts(max),
                            self.ts(arg.ty),
                            self.ts(tparams[p])
                        );
                        fault.add(arg.at(), words);
                        return None;
                    }
                },
            });
        }
        for (p, max) in largest.into_iter().enumerate() {
            if let Some(max) = max {
                unifier.set(p, default_type(max));
            }
        }
        Some(())
    }

    /// Inferred types may mention other parameters: those are put in until none is left.
    fn simplify(
        &mut self,
        at: Pos,
        tparams: &[Ty],
        mut inferred: Vec<Option<Ty>>,
        fault: &mut Fault,
    ) -> Option<Vec<Ty>> {
        drop_cycles(tparams, &mut inferred);
        // Without cycles each round resolves at least one parameter.
        for _ in 0..tparams.len() {
            let map = known_only(tparams, &inferred);
            let mut changed = false;
            for slot in &mut inferred {
                if let Some(ty) = slot
                    && mentions(tparams, *ty)
                {
                    let new = map.ty(*ty);
                    changed |= new != *ty;
                    *slot = Some(without_own_tparams(tparams, new));
                }
            }
            if !changed {
                break;
            }
        }
        let mut result = Vec::with_capacity(tparams.len());
        for (i, slot) in inferred.into_iter().enumerate() {
            match slot.filter(|&ty| !mentions(tparams, ty)) {
                Some(ty) => result.push(ty),
                None => {
                    let obj = tparams[i].as_type_param().expect("a type parameter").obj;
                    let declared = self.place(obj.pos);
                    fault.add(at, format!("cannot infer {} (declared at {declared})", obj.name));
                    return None;
                }
            }
        }
        Some(result)
    }

    /// `P`, `P and Q`, `P, Q, and R`.
    fn param_names(&mut self, tparams: &[Ty]) -> String {
        let names: Vec<String> = tparams.iter().map(|&p| self.ts(p)).collect();
        match &names[..] {
            [] => String::new(),
            [one] => one.clone(),
            [one, two] => format!("{one} and {two}"),
            [init @ .., last] => format!("{}, and {last}", init.join(", ")),
        }
    }
}

/// A generic function's signature that mentions none of the parameters any more is not generic any more.
fn without_own_tparams(tparams: &[Ty], ty: Ty) -> Ty {
    match ty.as_signature() {
        Some(sig) if !sig.tparams.is_empty() && !mentions(tparams, ty) => Ty::signature(Signature {
            recv: sig.recv,
            rparams: sig.rparams.clone(),
            tparams: Vec::new(),
            params: sig.params.clone(),
            results: sig.results.clone(),
            variadic: sig.variadic,
        }),
        _ => ty,
    }
}

/// The mapping for those parameters that have a type.
fn known_only(tparams: &[Ty], targs: &[Option<Ty>]) -> Subst {
    let mut map = Subst::default();
    for (&tparam, targ) in tparams.iter().zip(targs) {
        if let Some(targ) = *targ {
            map.add(tparam, targ);
        }
    }
    map
}

/// Whether `ty` contains one of the parameters.
pub(super) fn mentions(tparams: &[Ty], ty: Ty) -> bool {
    Search { tparams, seen: Vec::new() }.ty(ty)
}

struct Search<'t> {
    tparams: &'t [Ty],
    /// Interfaces on the way here: they can contain themselves.
    seen: Vec<Ty>,
}

impl Search<'_> {
    fn ty(&mut self, ty: Ty) -> bool {
        match ty.kind() {
            Kind::Basic(_) => false,
            Kind::Alias(_) => self.ty(ty.unalias()),
            Kind::Array(a) => self.ty(a.elem),
            Kind::Slice(elem) | Kind::Pointer(elem) => self.ty(*elem),
            Kind::Struct(s) => self.vars(&s.fields),
            Kind::Tuple(t) => self.vars(&t.vars),
            Kind::Signature(s) => self.vars(&s.params) || self.vars(&s.results),
            Kind::Interface(i) => {
                if self.seen.contains(&ty) {
                    return false;
                }
                self.seen.push(ty);
                let set = i.type_set();
                let found = set.methods.iter().any(|m| self.ty(m.typ()))
                    || set.terms().is_some_and(|terms| terms.iter().any(|t| self.ty(t.ty)));
                self.seen.pop();
                found
            }
            Kind::Map(m) => self.ty(m.key) || self.ty(m.elem),
            Kind::Chan(c) => self.ty(c.elem),
            Kind::Named(n) => self.any(n.targs()),
            Kind::TypeParam(_) => self.tparams.contains(&ty),
            Kind::Union(u) => u.terms.iter().any(|t| self.ty(t.ty)),
        }
    }

    fn any(&mut self, list: &[Ty]) -> bool {
        list.iter().any(|&t| self.ty(t))
    }

    fn vars(&mut self, vars: &[ObjRef]) -> bool {
        vars.iter().any(|v| self.ty(v.typ()))
    }
}

/// Forgets the types of parameters that lead back to themselves: `P` inferred as `[]Q`, `Q` as `*P`.
fn drop_cycles(tparams: &[Ty], inferred: &mut [Option<Ty>]) {
    let edges = |inferred: &[Option<Ty>], i: usize| -> Vec<usize> {
        let Some(ty) = inferred[i] else { return Vec::new() };
        (0..tparams.len()).filter(|&j| mentions(&tparams[j..=j], ty)).collect()
    };
    for i in 0..tparams.len() {
        let (mut reached, mut todo) = (vec![false; tparams.len()], edges(inferred, i));
        while let Some(j) = todo.pop() {
            if !std::mem::replace(&mut reached[j], true) {
                todo.extend(edges(inferred, j));
            }
        }
        if reached[i] {
            inferred[i] = None;
        }
    }
}
