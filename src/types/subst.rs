//! Substitution: types with type arguments put in for type parameters.

use super::interface::Interface;
use super::named::{Instance, TypeParam, instantiate};
use super::object::ObjRef;
use super::ty::{ChanDir, Kind, Signature, Term, Ty};

/// A mapping from type parameters to types. Types that do not mention a mapped parameter come back with their own id.
#[derive(Clone, Debug, Default)]
pub struct Subst {
    map: Vec<(Ty, Ty)>,
}

impl Subst {
    /// `tparams[i]` becomes `targs[i]`.
    pub fn new(tparams: &[Ty], targs: &[Ty]) -> Subst {
        Subst { map: tparams.iter().copied().zip(targs.iter().copied()).collect() }
    }

    pub fn is_empty(&self) -> bool {
        self.map.is_empty()
    }

    pub fn add(&mut self, tparam: Ty, targ: Ty) {
        self.map.push((tparam, targ));
    }

    pub fn ty(&self, ty: Ty) -> Ty {
        if self.map.is_empty() {
            return ty;
        }
        match ty.kind() {
            Kind::Basic(_) => ty,
            Kind::TypeParam(_) => self.map.iter().find(|(from, _)| *from == ty).map_or(ty, |(_, to)| *to),
            Kind::Array(array) => self.rebuilt(ty, array.elem, |elem| Ty::array(elem, array.len())),
            Kind::Slice(elem) => self.rebuilt(ty, *elem, Ty::slice),
            Kind::Pointer(elem) => self.rebuilt(ty, *elem, Ty::pointer),
            Kind::Chan(chan) => self.rebuilt(ty, chan.elem, |elem| Ty::chan(chan.dir, elem)),
            Kind::Map(map) => {
                let (key, elem) = (self.ty(map.key), self.ty(map.elem));
                if key == map.key && elem == map.elem { ty } else { Ty::map(key, elem) }
            }
            Kind::Struct(s) => match self.vars(&s.fields) {
                Some(fields) => Ty::structure(fields, s.tags.clone()),
                None => ty,
            },
            Kind::Tuple(t) => match self.vars(&t.vars) {
                Some(vars) => Ty::tuple(vars),
                None => ty,
            },
            Kind::Signature(sig) => self.signature(sig).map_or(ty, Ty::signature),
            Kind::Union(u) => match self.list(&u.terms.iter().map(|t| t.ty).collect::<Vec<_>>()) {
                Some(tys) => {
                    Ty::union(u.terms.iter().zip(tys).map(|(t, ty)| Term { tilde: t.tilde, ty }).collect())
                }
                None => ty,
            },
            Kind::Interface(interface) => self.interface(ty, interface),
            Kind::Named(named) => match named.instance() {
                Some(instance) => self.instance(ty, instance),
                None => match self.list(named.enclosing_tparams()) {
                    Some(targs) => instantiate(ty, &targs),
                    None => ty,
                },
            },
            Kind::Alias(alias) => match alias.instance() {
                Some(instance) => self.instance(ty, instance),
                // An alias declared inside a generic function may mention the function's parameters.
                None => match alias.rhs() {
                    Some(rhs)
                        if ty != Ty::ANY
                            && alias.tparams().is_empty()
                            && alias.obj().ordinal() != Some(0) =>
                    {
                        let new = self.ty(rhs);
                        if new == rhs { ty } else { new }
                    }
                    _ => ty,
                },
            },
        }
    }

    fn instance(&self, ty: Ty, instance: &Instance) -> Ty {
        let n = match instance.origin.kind() {
            Kind::Named(generic) => generic.all_tparams().len(),
            Kind::Alias(generic) => generic.tparams().len(),
            _ => 0,
        };
        // The wrong number of arguments was reported where it was written. (None yet: still being declared.)
        if n != 0 && n != instance.targs.len() {
            return Ty::INVALID;
        }
        match self.list(&instance.targs) {
            Some(targs) => instantiate(instance.origin, &targs),
            None => ty,
        }
    }

    fn rebuilt(&self, ty: Ty, elem: Ty, make: impl FnOnce(Ty) -> Ty) -> Ty {
        let new = self.ty(elem);
        if new == elem { ty } else { make(new) }
    }

    /// None if nothing changes.
    pub fn list(&self, list: &[Ty]) -> Option<Vec<Ty>> {
        let new: Vec<Ty> = list.iter().map(|&t| self.ty(t)).collect();
        (new != list).then_some(new)
    }

    /// None if nothing changes.
    pub fn vars(&self, vars: &[ObjRef]) -> Option<Vec<ObjRef>> {
        let mut changed = false;
        let new = vars.iter().map(|&var| {
            let old = var.typ();
            let ty = self.ty(old);
            if ty == old {
                return var;
            }
            changed = true;
            ObjRef::var_of(var, ty)
        });
        let new: Vec<ObjRef> = new.collect();
        changed.then_some(new)
    }

    /// None if nothing changes. The receiver is left alone.
    fn signature(&self, sig: &'static Signature) -> Option<Signature> {
        let bounds: Vec<Ty> = sig.tparams.iter().map(|p| param(*p).bound().unwrap_or(Ty::INVALID)).collect();
        if let Some(bounds) = self.list(&bounds) {
            // The parameters' constraints change, so these are other parameters.
            let (tparams, renamed) = fresh_tparams(&sig.tparams);
            let mut inner = self.clone();
            inner.map.extend(renamed.map.iter().copied());
            for (tparam, bound) in tparams.iter().zip(bounds) {
                param(*tparam).set_bound(renamed.ty(bound));
            }
            return Some(Signature {
                recv: sig.recv,
                rparams: sig.rparams.clone(),
                tparams,
                params: inner.vars(&sig.params).unwrap_or_else(|| sig.params.clone()),
                results: inner.vars(&sig.results).unwrap_or_else(|| sig.results.clone()),
                variadic: sig.variadic,
            });
        }
        let (params, results) = (self.vars(&sig.params), self.vars(&sig.results));
        if params.is_none() && results.is_none() {
            return None;
        }
        Some(Signature {
            recv: sig.recv,
            rparams: sig.rparams.clone(),
            tparams: sig.tparams.clone(),
            params: params.unwrap_or_else(|| sig.params.clone()),
            results: results.unwrap_or_else(|| sig.results.clone()),
            variadic: sig.variadic,
        })
    }

    fn interface(&self, ty: Ty, interface: &'static Interface) -> Ty {
        let mut changed = false;
        let new_methods: Vec<(ObjRef, Ty)> = interface
            .methods()
            .iter()
            .map(|&m| {
                let old = m.typ();
                let new = self.ty(old);
                changed |= new != old;
                (m, new)
            })
            .collect();
        let embeddeds = self.list(interface.embeddeds());
        if !changed && embeddeds.is_none() {
            return ty;
        }
        let new = Ty::new_interface();
        let methods = new_methods.into_iter().map(|(m, sig)| with_receiver(m, sig, ty, new)).collect();
        let target = new.as_interface().expect("new_interface makes an interface");
        let embed_pos = (0..interface.embeddeds().len()).map(|i| interface.embed_pos(i)).collect();
        target.complete(methods, embeddeds.unwrap_or_else(|| interface.embeddeds().to_vec()), embed_pos);
        if interface.is_implicit() {
            target.set_implicit();
        }
        new
    }
}

/// The method `m` with signature `sig`, whose receiver `old` (if it has that one) becomes `new`.
fn with_receiver(m: ObjRef, sig: Ty, old: Ty, new: Ty) -> ObjRef {
    let Some(s) = sig.as_signature() else { return m };
    match s.recv {
        Some(recv) if recv.typ() == old => {
            let recv = ObjRef::var_of(recv, new);
            ObjRef::func_of(m, Ty::signature(Signature { recv: Some(recv), ..copy(s) }))
        }
        _ if sig == m.typ() => m,
        _ => ObjRef::func_of(m, sig),
    }
}

fn copy(sig: &Signature) -> Signature {
    Signature {
        recv: sig.recv,
        rparams: sig.rparams.clone(),
        tparams: sig.tparams.clone(),
        params: sig.params.clone(),
        results: sig.results.clone(),
        variadic: sig.variadic,
    }
}

fn param(ty: Ty) -> &'static TypeParam {
    ty.as_type_param().expect("a list of type parameters holds nothing else")
}

/// New type parameters of the same names, without bounds, and the mapping to them.
pub fn fresh_tparams(tparams: &[Ty]) -> (Vec<Ty>, Subst) {
    let fresh: Vec<Ty> = tparams
        .iter()
        .map(|&old| {
            let old = param(old);
            let name = ObjRef::type_name(old.obj.pos, old.obj.pkg, old.obj.name, None);
            TypeParam::new(name, old.index())
        })
        .collect();
    let map = Subst::new(tparams, &fresh);
    (fresh, map)
}

/// New type parameters that stand for the old ones: same names, the bounds renamed too.
pub fn rename_tparams(tparams: &[Ty]) -> (Vec<Ty>, Subst) {
    let (fresh, map) = fresh_tparams(tparams);
    for (old, new) in tparams.iter().zip(&fresh) {
        if let Some(bound) = param(*old).bound() {
            param(*new).set_bound(map.ty(bound));
        }
    }
    (fresh, map)
}

/// The underlying type of an instance `me`, from its origin's.
pub(super) fn underlying_of_instance(generic: Ty, instance: &Instance, me: Ty) -> Ty {
    let origin = instance.origin.as_named().expect("an instance's origin is a named type");
    let under = Subst::new(origin.all_tparams(), &instance.targs).ty(generic);
    // Methods declared in a defined interface have the defined type as their receiver.
    let Some(interface) = under.as_interface() else { return under };
    let is_origin =
        |m: &ObjRef| m.typ().as_signature().and_then(|s| s.recv).is_some_and(|r| r.typ() == instance.origin);
    if !interface.methods().iter().any(is_origin) {
        return under;
    }
    let new = Ty::new_interface();
    let target = new.as_interface().expect("new_interface makes an interface");
    let methods =
        interface.methods().iter().map(|&m| with_receiver(m, m.typ(), instance.origin, me)).collect();
    let embed_pos = (0..interface.embeddeds().len()).map(|i| interface.embed_pos(i)).collect();
    target.complete(methods, interface.embeddeds().to_vec(), embed_pos);
    if interface.is_implicit() {
        target.set_implicit();
    }
    new
}

/// The signature of method `origin` (of a generic type) on the instance `recv`; None while the origin's is not known.
pub(super) fn method_signature(origin: ObjRef, recv: Ty) -> Option<Ty> {
    let sig = origin.ty()?.as_signature()?;
    let named = recv.as_named()?;
    let map = if sig.rparams.len() == named.targs().len() {
        Subst::new(&sig.rparams, named.targs())
    } else {
        Subst::default()
    };
    let mut new = map.signature(sig).unwrap_or_else(|| copy(sig));
    let old = sig.recv?;
    let ty = if matches!(old.typ().unalias().kind(), Kind::Pointer(_)) { Ty::pointer(recv) } else { recv };
    new.recv = Some(ObjRef::var_of(old, ty));
    new.rparams = Vec::new();
    Some(Ty::signature(new))
}

/// A signature without its type parameters, arguments put in for them.
pub fn instantiate_signature(sig: Ty, targs: &[Ty]) -> Ty {
    let s = sig.as_signature().expect("only signatures are instantiated here");
    let map = Subst::new(&s.tparams, targs);
    let params = map.vars(&s.params).unwrap_or_else(|| s.params.clone());
    let results = map.vars(&s.results).unwrap_or_else(|| s.results.clone());
    Ty::signature(Signature {
        recv: s.recv,
        rparams: Vec::new(),
        tparams: Vec::new(),
        params,
        results,
        variadic: s.variadic,
    })
}

/// Whether a channel of direction `from` may be used where `to` is wanted.
pub fn chan_dir_fits(from: ChanDir, to: ChanDir) -> bool {
    from == to || from == ChanDir::Both
}
