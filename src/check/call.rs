//! Calls, conversions, and the instantiation of generic functions.

use super::Checker;
use super::codes::Code;
use super::expr::{Excluded, Target};
use super::message::Fault;
use super::operand::{Operand, Source};
use crate::base::Pos;
use crate::syntax::ast::{self, CallExpr, ExprKind};
use crate::types::universe::CallKind;
use crate::types::{Mode, ObjRef, Signature, Subst, Ty, TypeParam, VarKind};

/// The parts of a call that checking it needs.
#[derive(Clone, Copy)]
pub(super) struct CallSite<'a> {
    pub expr: &'a ast::Expr,
    pub fun: &'a ast::Expr,
    pub args: &'a [ast::Expr],
    pub dots: bool,
}

impl<'a> Checker<'a> {
    pub(super) fn dots_pos(&self, call: &CallSite<'a>) -> Pos {
        call.expr.start()
    }

    pub(super) fn in_call_pos(&self, call: &CallSite<'a>) -> Pos {
        call.expr.start()
    }

    pub(super) fn call_expr(&mut self, e: &'a ast::Expr, call: &'a CallExpr) -> (Operand<'a>, CallKind) {
        let site = CallSite { expr: e, fun: &call.fun, args: &call.args, dots: call.has_dots };
        let mut inst = None;
        let mut x = match &call.fun.kind {
            ExprKind::Index(inner, indices) => {
                let (mut x, generic) = self.index_expr(&call.fun, inner, indices);
                if generic {
                    // Type arguments and arguments are looked at together.
                    inst = Some(&indices[..]);
                }
                x.from = Source::Expr(&call.fun);
                self.record(&x);
                // What is called may not be there, or not be a value.
                self.single_value(&mut x);
                x
            }
            _ => self.expr_or_type(&call.fun, true),
        };
        match x.mode {
            Mode::Invalid => {
                self.use_all(&call.args);
                x.from = Source::Expr(e);
                (x, CallKind::Statement)
            }
            Mode::TypeExpr => {
                let mut x = self.conversion_call(&site, x);
                x.from = Source::Expr(e);
                (x, CallKind::Conversion)
            }
            Mode::Builtin(id) => {
                let mut x = self.builtin(&site, id).unwrap_or_default();
                x.from = Source::Expr(e);
                if x.is_valid() && !x.is_const() {
                    self.env.has_call_or_recv = true;
                }
                (x, id.facts().call)
            }
            _ => (self.ordinary_call(&site, x, inst), CallKind::Statement),
        }
    }

    fn conversion_call(&mut self, call: &CallSite<'a>, mut x: Operand<'a>) -> Operand<'a> {
        self.non_generic(None, &mut x);
        if !x.is_valid() {
            return x;
        }
        let ty = x.ty;
        x.invalidate();
        if !self.is_complete(ty) {
            return x;
        }
        match call.args {
            [] => {
                let text = format!("missing argument in conversion to {}", self.ts(ty));
                self.error(call.expr.start(), Code::WrongArgCount, text);
            }
            [arg] => {
                let target = self.target_of(Some(ty), "conversion");
                x = self.expr(target.as_ref(), arg);
                if !x.is_valid() {
                    return x;
                }
                if self.is_plain_interface(ty) && ty.type_set().is_some_and(|set| !set.is_method_set()) {
                    let text = format!(
                        "cannot use interface {} in conversion (contains specific type constraints or is comparable)",
                        self.ts(ty)
                    );
                    self.error(call.expr.start(), Code::MisplacedConstraintIface, text);
                    x.invalidate();
                } else if call.dots {
                    let text = format!("invalid use of ... in conversion to {}", self.ts(ty));
                    self.error(arg.start(), Code::BadDotDotDotSyntax, text);
                    x.invalidate();
                } else {
                    self.conversion(&mut x, ty);
                }
            }
            [.., last] => {
                self.use_all(call.args);
                let text = format!("too many arguments in conversion to {}", self.ts(ty));
                self.error(last.start(), Code::WrongArgCount, text);
            }
        }
        x
    }

    fn ordinary_call(
        &mut self,
        call: &CallSite<'a>,
        x: Operand<'a>,
        inst: Option<&'a [ast::Expr]>,
    ) -> Operand<'a> {
        let mut result = Operand::new(Mode::Invalid, Ty::INVALID, call.expr);
        // spec: all types of a type parameter's type set must be functions of one underlying type.
        let found = self.common_under_where(x.ty, |cx, t, under| match under {
            Some(u) if u.as_signature().is_none() => {
                Some(format!("{} is not a function", cx.ts(t.unwrap_or(u))))
            }
            _ => None,
        });
        let mut sig_ty = match found {
            Ok(under) => under,
            Err(cause) => {
                let text = format!("invalid operation: cannot call {}: {cause}", self.show(&x));
                self.error(x.at(), Code::InvalidCall, text);
                self.use_all(call.args);
                return result;
            }
        };
        let sig = sig_ty.as_signature().expect("only functions come here");
        let was_generic = !sig.tparams.is_empty();
        let mut exprs: &'a [ast::Expr] = &[];
        let mut targs = Vec::new();
        if let Some(indices) = inst {
            exprs = indices;
            let Some(list) = self.type_list(indices) else {
                self.use_all(call.args);
                return result;
            };
            targs = list;
            let (got, want) = (targs.len(), sig.tparams.len());
            if got > want {
                let text = format!("got {got} type arguments but want {want}");
                self.error(exprs[want].start(), Code::WrongTypeArgCount, text);
                self.use_all(call.args);
                return result;
            }
            if got == want && want > 0 {
                // All given: no inference, and the signature is right even if the arguments are not.
                self.verify_version(call.fun.start(), 18, |_| "function instantiation".to_owned());
                sig_ty = self.instantiate_signature(call.fun.pos, call.fun, sig_ty, &targs, exprs);
                targs.clear();
                exprs = &[];
            }
        }
        let (mut args, partial) = self.generic_expr_list(call.args);
        let targs = targs.into_iter().map(Some).collect();
        let sig_ty = self.arguments(call, sig_ty, targs, exprs, &mut args, &partial);
        let sig = sig_ty.as_signature().expect("arguments gives a signature");
        if was_generic && sig.tparams.is_empty() {
            self.record_type(call.fun, Mode::Value, sig_ty, None);
        }
        match sig.results[..] {
            [] => {
                result.mode = Mode::NoValue;
                // As gc's: it shows in messages about the missing value.
                result.ty = x.ty;
            }
            [one] => {
                let ty = one.typ();
                if !self.is_complete(ty) {
                    return result;
                }
                result.mode = Mode::Value;
                result.ty = ty;
            }
            _ => {
                result.mode = Mode::Value;
                result.ty = Ty::tuple(sig.results.clone());
            }
        }
        self.env.has_call_or_recv = true;
        // Inference failed: what mentions type parameters is no type of a value.
        if result.mode == Mode::Value && !sig.tparams.is_empty() && self.mentions(&sig.tparams, result.ty) {
            result.invalidate();
        }
        result
    }

    fn mentions(&self, tparams: &[Ty], ty: Ty) -> bool {
        let other = vec![Ty::INVALID; tparams.len()];
        Subst::new(tparams, &other).ty(ty) != ty
    }

    /// Arguments; among them may be generic functions, with those type arguments that were given (by argument).
    fn generic_expr_list(&mut self, list: &'a [ast::Expr]) -> (Vec<Operand<'a>>, Vec<Vec<Ty>>) {
        // Before go1.21, generic functions cannot be arguments.
        let infer = list.is_empty() || !self.allows(21);
        let mut partial = vec![Vec::new(); list.len()];
        let mut out = Vec::with_capacity(list.len());
        for (i, e) in list.iter().enumerate() {
            if let ExprKind::Index(inner, indices) = &e.kind {
                let (mut x, generic) = self.index_expr(e, inner, indices);
                if generic {
                    match self.func_inst(None, e.pos, &mut x, Some(e), infer) {
                        Some(targs) => {
                            partial[i] = targs;
                            x.from = Source::Expr(e);
                        }
                        None => self.record(&x),
                    }
                } else {
                    x.from = Source::Expr(e);
                    self.non_generic(None, &mut x);
                    self.record(&x);
                    self.exclude(&mut x, Excluded { no_value: true, builtin: true, type_expr: true });
                    if list.len() > 1 {
                        self.single_value(&mut x);
                    }
                }
                out.push(x);
                continue;
            }
            if list.len() > 1 {
                let x = self.generic_expr(e, None);
                out.push(x);
                continue;
            }
            let (mut x, _) = self.raw_expr(None, e, None, true);
            self.exclude(&mut x, Excluded { no_value: true, builtin: true, type_expr: true });
            match x.ty.as_tuple() {
                Some(tuple) if x.is_valid() => {
                    let value = |v: &ObjRef| Operand::new(Mode::Value, v.typ(), e);
                    return (tuple.vars.iter().map(value).collect(), Vec::new());
                }
                _ => out.push(x),
            }
        }
        (out, partial)
    }

    /// Instantiates the generic function `x`, with the type arguments of the index expression `inst`, and others inferred
    /// from the target. Without `infer`, a list that does not suffice is given back.
    pub(super) fn func_inst(
        &mut self,
        target: Option<&Target>,
        at: Pos,
        x: &mut Operand<'a>,
        inst: Option<&'a ast::Expr>,
        infer: bool,
    ) -> Option<Vec<Ty>> {
        let mut exprs: &'a [ast::Expr] = &[];
        let mut err_pos = at;
        if let Some(inst) = inst {
            x.from = Source::Expr(inst);
            err_pos = inst.pos;
            if let ExprKind::Index(_, indices) = &inst.kind {
                exprs = indices;
            }
        }
        let version_ok = self.verify_version(err_pos, 18, |_| "function instantiation".to_owned());
        let mut targs = Vec::new();
        if inst.is_some() {
            let Some(list) = self.type_list(exprs) else {
                x.invalidate();
                return None;
            };
            targs = list;
        }
        let sig_ty = x.ty;
        let sig = sig_ty.as_signature().expect("only functions are instantiated");
        let (got, want) = (targs.len(), sig.tparams.len());
        if got > want {
            let text = format!("got {got} type arguments but want {want}");
            self.error(exprs[got - 1].start(), Code::WrongTypeArgCount, text);
            x.invalidate();
            return None;
        }
        if got < want {
            if !infer {
                return Some(targs);
            }
            // `var f func(int) = g` is read as the call of a function that takes a function of g's type.
            let (mut params, mut args) = (Vec::new(), Vec::new());
            if let Some(target) = target {
                if version_ok && !self.allows(21) {
                    let what = match inst {
                        Some(_) => "partially instantiated function in assignment",
                        None => "implicitly instantiated function in assignment",
                    };
                    self.version_error(err_pos, super::version::go1(21), what);
                }
                let plain = Ty::signature(Signature {
                    params: sig.params.clone(),
                    results: sig.results.clone(),
                    variadic: sig.variadic,
                    ..Signature::default()
                });
                params.push(ObjRef::var(VarKind::Param, x.pos(), Some(self.pkg), "", Some(plain)));
                args.push(Operand::worded(target.sig, x.pos(), target.desc.clone()));
            }
            let (tparams, map) = self.renamed(&sig.tparams);
            let params = map.vars(&params).unwrap_or(params);
            let mut fault = Fault::new(Code::CannotInferTypeArgs);
            let known = targs.iter().copied().map(Some).collect();
            let reverse = target.is_some();
            let Some(inferred) = self.infer(at, &tparams, known, &params, &args, reverse, &mut fault) else {
                if !fault.is_empty() {
                    self.report(fault);
                }
                x.invalidate();
                return None;
            };
            targs = inferred;
        }
        let (at, expr) = (x.pos(), x.expr());
        let Some(expr) = expr else {
            x.invalidate();
            return None;
        };
        x.ty = self.instantiate_signature(at, expr, sig_ty, &targs, exprs);
        x.mode = Mode::Value;
        None
    }

    pub(super) fn instantiate_signature(
        &mut self,
        at: Pos,
        e: &'a ast::Expr,
        generic: Ty,
        targs: &[Ty],
        exprs: &'a [ast::Expr],
    ) -> Ty {
        let sig = generic.as_signature().expect("only signatures are instantiated here");
        let map = Subst::new(&sig.tparams, targs);
        let plain = Signature {
            recv: sig.recv,
            rparams: sig.rparams.clone(),
            tparams: Vec::new(),
            params: map.vars(&sig.params).unwrap_or_else(|| sig.params.clone()),
            results: map.vars(&sig.results).unwrap_or_else(|| sig.results.clone()),
            variadic: sig.variadic,
        };
        let inst = Ty::signature(plain);
        self.record_instance(e, targs, inst);
        let targs = targs.to_vec();
        self.later(move |cx| cx.verify_instance(at, &sig.tparams, &targs, exprs));
        inst
    }

    /// Fresh type parameters in place of `tparams`, so that a function may call itself with other arguments.
    fn renamed(&mut self, tparams: &[Ty]) -> (Vec<Ty>, Subst) {
        let mut fresh = Vec::with_capacity(tparams.len());
        for (i, tparam) in tparams.iter().enumerate() {
            let param = tparam.as_type_param().expect("type parameters");
            let name = ObjRef::type_name(param.obj.pos, param.obj.pkg, param.obj.name, None);
            fresh.push(TypeParam::new(name, i));
        }
        let map = Subst::new(tparams, &fresh);
        for (new, old) in fresh.iter().zip(tparams) {
            let bound = old.as_type_param().and_then(|p| p.bound()).unwrap_or(Ty::INVALID);
            new.as_type_param().expect("just made").set_bound(map.ty(bound));
        }
        (fresh, map)
    }

    /// Checks arguments against a signature that may be generic; gives the signature with type arguments put in, or, if
    /// something is wrong, as it was.
    pub(super) fn arguments(
        &mut self,
        call: &CallSite<'a>,
        sig_ty: Ty,
        mut targs: Vec<Option<Ty>>,
        exprs: &'a [ast::Expr],
        args: &mut [Operand<'a>],
        partial: &[Vec<Ty>],
    ) -> Ty {
        let sig = sig_ty.as_signature().expect("only functions are called");
        let n_args = args.len();
        let mut n_params = sig.params.len();
        let mut params = sig.params.clone();
        let mut adjusted = false;
        if sig.variadic {
            if call.dots {
                if call.args.len() == 1 && n_args > 1 {
                    let text = format!("cannot use ... with {n_args}-valued {}", self.es(&call.args[0]));
                    self.error(call.expr.start(), Code::InvalidDotDotDot, text);
                    return sig_ty;
                }
            } else if n_args + 1 >= n_params {
                // One parameter for each argument.
                let last = params.pop().expect("a variadic function has parameters");
                let elem = last.typ().as_slice().unwrap_or(Ty::INVALID);
                while params.len() < n_args {
                    params.push(ObjRef::var(VarKind::Param, last.pos, last.pkg, last.name, Some(elem)));
                }
                adjusted = true;
                n_params = n_args;
            } else {
                n_params -= 1;
            }
        } else if call.dots {
            let text = format!("cannot use ... in call to non-variadic {}", self.es(call.fun));
            self.error(call.expr.start(), Code::NonVariadicDotDotDot, text);
            return sig_ty;
        }
        if n_args != n_params {
            self.arg_count_error(call, sig, args, n_params);
            return sig_ty;
        }

        let mut tparams = Vec::new();
        let n_own = sig.tparams.len();
        if n_own > 0 {
            if !self.allows(18) {
                let what = match call.fun.kind {
                    ExprKind::Index(..) => "function instantiation",
                    _ => "implicit function instantiation",
                };
                self.version_error(call.expr.start(), super::version::go1(18), what);
            }
            let (fresh, map) = self.renamed(&sig.tparams);
            params = map.vars(&params).unwrap_or(params);
            tparams = fresh;
            targs.resize(n_own, None);
        }
        // Generic functions among the arguments bring type parameters of their own.
        let mut generic_args = Vec::new();
        for (i, arg) in args.iter_mut().enumerate() {
            let Some(arg_sig) = arg.ty.as_signature().filter(|s| arg.is_valid() && !s.tparams.is_empty())
            else {
                continue;
            };
            let (fresh, map) = self.renamed(&arg_sig.tparams);
            let copy = Signature {
                recv: arg_sig.recv,
                rparams: arg_sig.rparams.clone(),
                tparams: fresh.clone(),
                params: map.vars(&arg_sig.params).unwrap_or_else(|| arg_sig.params.clone()),
                results: map.vars(&arg_sig.results).unwrap_or_else(|| arg_sig.results.clone()),
                variadic: arg_sig.variadic,
            };
            arg.ty = Ty::signature(copy);
            tparams.extend(fresh);
            targs.extend(partial.get(i).into_iter().flatten().copied().map(Some));
            targs.resize(tparams.len(), None);
            generic_args.push(i);
        }
        if let Some(&first) = generic_args.first() {
            let at = args[first].at();
            self.verify_version(at, 21, |_| "implicitly instantiated function as argument".to_owned());
        }

        let mut result = sig_ty;
        // gc places what inference finds wrong at the parenthesis.
        let at_paren = match &call.expr.kind {
            ExprKind::Call(c) => c.lparen,
            _ => call.expr.pos,
        };
        if !tparams.is_empty() {
            let mut fault = Fault::new(Code::CannotInferTypeArgs);
            let inferred = self.infer(at_paren, &tparams, targs, &params, args, false, &mut fault);
            let Some(inferred) = inferred else {
                if let Some(first) = fault.parts.first_mut() {
                    first.1 = format!("in call to {}, {}", self.es(call.fun), first.1);
                    self.report(fault);
                }
                return sig_ty;
            };
            if n_own > 0 {
                result = self.instantiate_signature(at_paren, call.fun, sig_ty, &inferred[..n_own], exprs);
                if adjusted {
                    let map = Subst::new(&tparams[..n_own], &inferred[..n_own]);
                    params = map.vars(&params).unwrap_or(params);
                } else {
                    params = result.as_signature().expect("it is a signature").params.clone();
                }
            }
            let mut next = n_own;
            for &i in &generic_args {
                let n = args[i].ty.as_signature().map_or(0, |s| s.tparams.len());
                let (ty, from) = (args[i].ty, args[i].expr());
                if let Some(e) = from {
                    let targs = &inferred[next..next + n];
                    args[i].ty = self.instantiate_signature(at_paren, e, ty, targs, &[]);
                    self.record(&args[i]);
                }
                next += n;
            }
        }
        if !args.is_empty() {
            let context = ArgContext { fun: call.fun };
            for (arg, param) in args.iter_mut().zip(&params) {
                self.assign_argument(arg, param.typ(), &context);
            }
        }
        result
    }

    /// As [`Checker::assignment`]; the words for errors are made only when there is one.
    fn assign_argument(&mut self, arg: &mut Operand<'a>, ty: Ty, context: &ArgContext<'a>) {
        if arg.is_valid() && arg.ty == ty && arg.mode != Mode::TypeExpr && arg.ty.as_signature().is_none() {
            return;
        }
        let words = format!("argument to {}", self.es(context.fun));
        self.assignment(arg, Some(ty), &words);
    }

    fn arg_count_error(
        &mut self,
        call: &CallSite<'a>,
        sig: &Signature,
        args: &[Operand<'a>],
        n_params: usize,
    ) {
        let n_args = args.len();
        let (mut at, mut qualifier) = (call.expr_end(), "not enough");
        if n_args > n_params {
            at = args[n_params].at();
            qualifier = "too many";
        } else if n_args > 0 {
            at = args[n_args - 1].at();
        }
        let have: Vec<Ty> = args.iter().map(|a| a.ty).collect();
        let want: Vec<Ty> = sig.params.iter().map(|p| p.typ()).collect();
        let mut fault = Fault::new(Code::WrongArgCount);
        fault.add(at, format!("{qualifier} arguments in call to {}", self.es(call.fun)));
        let (have, want) =
            (self.types_summary(&have, false, call.dots), self.types_summary(&want, sig.variadic, false));
        fault.add(Pos::NONE, format!("have {have}"));
        fault.add(Pos::NONE, format!("want {want}"));
        self.report(fault);
    }

    /// `(int, number, ...string)`
    pub(super) fn types_summary(&mut self, list: &[Ty], variadic: bool, dots: bool) -> String {
        let mut out = Vec::new();
        for (i, &ty) in list.iter().enumerate() {
            let mut text = if !ty.is_valid() {
                "unknown type".to_owned()
            } else if self.is_untyped(ty) {
                if self.is_numeric(ty) { "number".to_owned() } else { self.ts(ty).replace("untyped ", "") }
            } else {
                self.ts(ty)
            };
            if i + 1 == list.len() {
                if variadic {
                    if let Some(elem) = ty.as_slice() {
                        text = self.ts(elem);
                    }
                    text.insert_str(0, "...");
                } else if dots {
                    text.push_str("...");
                }
            }
            out.push(text);
        }
        format!("({})", out.join(", "))
    }
}

/// What an argument belongs to.
struct ArgContext<'a> {
    fun: &'a ast::Expr,
}

impl CallSite<'_> {
    /// Where too few arguments are reported if there are none at all.
    fn expr_end(&self) -> Pos {
        self.expr.start()
    }
}
