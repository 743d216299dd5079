//! A package as a whole: its variables, its functions, the order they start in, and the instances they ask for.

use std::rc::Rc;
use std::sync::Arc;

use super::cx::{Cx, Instance};
use super::func::{self, Fx, Head, TypeArgs};
use super::names;
use super::rangefunc::Exits;
use super::val::Addr;
use super::{embed, static_init, typedesc, vars};
use crate::ir;
use crate::syntax::ast::{self, Decl};
use crate::types::{Kind, ObjRef, Ty};

/// Package variables: what is known now becomes data, the rest the function `pkg.init`. Gives the functions to run when the
/// program starts, so far.
pub fn lower_vars(cx: &mut Cx<'_>) -> Vec<Arc<str>> {
    let order = cx.checked.info.init_order.clone();
    let mut dynamic = Vec::new();
    for init in &order {
        let rhs = cx.source.values.get(&init.rhs).copied();
        let rhs = rhs.unwrap_or_else(|| panic!("{}: no initial value {:?}", cx.package_path(), init.rhs));
        if !static_init::try_init(cx, &init.lhs, rhs) {
            init.lhs.iter().for_each(|&obj| static_init::zero_var(cx, obj));
            dynamic.push((init.lhs.clone(), rhs));
        }
    }
    declare_rest(cx);
    if dynamic.is_empty() {
        return Vec::new();
    }
    let prefix = names::pkg_prefix(cx.checked.package);
    let symbol: Arc<str> = format!("{prefix}.init").into();
    init_func(cx, symbol.clone(), &dynamic);
    vec![symbol]
}

/// Variables without an initial value.
fn declare_rest(cx: &mut Cx<'_>) {
    let checked = cx.checked;
    for file in &checked.files {
        for decl in &file.decls {
            let Decl::Var(var) = decl else { continue };
            for name in &var.names {
                if let Some(Some(obj)) = checked.info.defs.get(name.id)
                    && var.values.is_empty()
                    && !embed::define(cx, var, *obj)
                {
                    // The linker brings its content: gc's runtime has it in assembly.
                    if cx.package_path() == "runtime" && obj.name == "staticuint64s" {
                        continue;
                    }
                    static_init::zero_var(cx, *obj);
                }
            }
        }
    }
}

/// The function that sets variables at the start of the program.
fn init_func<'a>(cx: &mut Cx<'a>, symbol: Arc<str>, dynamic: &[(Vec<ObjRef>, &'a ast::Expr)]) {
    let src = cx.source;
    let args = Rc::new(TypeArgs::default());
    let facts = vars::collect_all(dynamic.iter().map(|(_, e)| *e), &func::types_of(src, &args));
    let start = dynamic[0].1.start();
    let head =
        Head { name: symbol, key: None, params: Vec::new(), results: Vec::new(), start, is_lit: false };
    let mut fx = Fx::open(cx, src, args, Rc::new(facts), head, Exits::default(), &[]);
    // Its function literals are numbered with those of variables that needed no code.
    fx.n_lits = fx.cx.n_glob_funcs;
    for (lhs, rhs) in dynamic {
        fx.at(rhs.start());
        fx.init_vars(lhs, rhs);
    }
    fx.close();
}

impl<'a> Fx<'_, 'a> {
    fn init_vars(&mut self, lhs: &[ObjRef], rhs: &'a ast::Expr) {
        if let [obj] = lhs {
            let ty = obj.typ();
            let val = self.expr_as(rhs, ty);
            if obj.name != "_" {
                let a = self.global(*obj);
                self.store(a, ty, &val);
            }
            return;
        }
        let vals = self.multi(rhs);
        for (obj, (val, from)) in lhs.iter().zip(vals) {
            if obj.name == "_" {
                continue;
            }
            let ty = obj.typ();
            let val = self.assignable(val, from, ty);
            let a: Addr = self.global(*obj);
            self.store(a, ty, &val);
        }
    }
}

/// Lowers every function that is not generic, then the instances asked for, until nothing new is.
pub fn lower_funcs(cx: &mut Cx<'_>, mut init_funcs: Vec<Arc<str>>) -> ir::Unit {
    let src = cx.source;
    let prefix = names::pkg_prefix(cx.checked.package);
    let mut n_init = 0;
    for file in &cx.checked.files {
        for decl in &file.decls {
            let Decl::Func(decl) = decl else { continue };
            if decl.recv.is_none() && &*decl.name.name == "init" {
                // There may be many; nothing can name them.
                let symbol: Arc<str> = format!("{prefix}.init.{n_init}").into();
                n_init += 1;
                let obj = ObjRef::func(decl.pos, Some(cx.checked.package), "init", None);
                let func = super::source::FuncSource { decl, obj, recv: None };
                func::lower_decl(cx, src, func, symbol.clone(), TypeArgs::default());
                init_funcs.push(symbol);
            }
        }
    }
    for func in &src.funcs {
        if func.decl.recv.is_none() && &*func.decl.name.name == "init"
            || func.decl.name.is_blank()
            || is_generic(func)
        {
            continue;
        }
        let symbol = cx.obj_sym(func.obj);
        if func.decl.body.is_some() && cx.claim(&symbol) {
            func::lower_decl(cx, src, *func, symbol, TypeArgs::default());
        }
    }
    typedesc::declared(cx);
    while let Some(instance) = cx.instances.pop() {
        lower_instance(cx, &instance);
    }
    let mut init_deps: Vec<Arc<str>> = cx.checked.package.imports().iter().map(|p| p.path.into()).collect();
    init_deps.sort();
    init_deps.dedup();
    init_deps.retain(|path| &**path != "unsafe");
    ir::Unit {
        package: cx.package_path().into(),
        funcs: std::mem::take(&mut cx.funcs),
        datas: std::mem::take(&mut cx.datas),
        init_funcs,
        init_deps,
        instances: Vec::new(),
    }
}

fn is_generic(func: &super::source::FuncSource<'_>) -> bool {
    let generic_recv = func.recv.is_some_and(|(base, _)| {
        base.as_named().is_some_and(|n| !n.tparams().is_empty() || !n.targs().is_empty())
    });
    generic_recv || !func.decl.tparams.is_empty()
}

fn lower_instance(cx: &mut Cx<'_>, instance: &Instance) {
    let src = cx.source_of(instance.package);
    let func = src.find(&instance.key);
    let func = func.unwrap_or_else(|| panic!("{} has no function {}", instance.package, instance.key));
    let Kind::Signature(sig) = func.obj.typ().kind() else { panic!("{} has no signature", instance.symbol) };
    let mut tparams: Vec<Ty> = sig.rparams.clone();
    tparams.extend(&sig.tparams);
    let mut targs = instance.recv_targs.clone();
    targs.extend(&instance.targs);
    assert_eq!(tparams.len(), targs.len(), "{}: type arguments", instance.symbol);
    func::lower_decl(cx, src, func, instance.symbol.clone(), TypeArgs { tparams, targs });
}
