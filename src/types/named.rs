//! Defined types, aliases and type parameters: the types whose meaning is found out after they are first mentioned.
//!
//! A named type is created from its name alone. Its right-hand side, type parameters and methods are set while the
//! checker resolves the declaration; an instance takes all of that from its origin when it is first asked for.
//!
//! # What holds
//! - `underlying` answers `INVALID` rather than fail while something is missing, and remembers no such answer.
//! - Instances are shared: [`instantiate`] gives one `Ty` for one origin and identical arguments.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{LazyLock, Mutex, OnceLock, RwLock};

use rustc_hash::FxBuildHasher;

use super::interface::Interface;
use super::object::ObjRef;
use super::subst::{self, Subst};
use super::ty::{Kind, Ty};

const UNSET: u32 = u32::MAX;

/// A defined type, generic or not, or an instance of a generic one.
#[derive(Debug)]
pub struct Named {
    obj: ObjRef,
    instance: Option<Instance>,
    rhs: AtomicU32,
    underlying: AtomicU32,
    tparams: OnceLock<Vec<Ty>>,
    enclosing: OnceLock<Vec<Ty>>,
    /// Of the origin; instances expand theirs into `expanded`.
    methods: RwLock<Vec<ObjRef>>,
    expanded: Mutex<Vec<Option<ObjRef>>>,
}

/// What a type was instantiated from.
#[derive(Clone, Debug)]
pub struct Instance {
    pub origin: Ty,
    pub targs: Vec<Ty>,
}

/// An alias declaration, generic or not, or an instance of a generic one.
#[derive(Debug)]
pub struct Alias {
    obj: ObjRef,
    instance: Option<Instance>,
    rhs: AtomicU32,
    tparams: OnceLock<Vec<Ty>>,
}

/// A type parameter of a type, an alias, a function or a method.
#[derive(Debug)]
pub struct TypeParam {
    pub obj: ObjRef,
    index: AtomicU32,
    bound: AtomicU32,
    /// The bound as an interface when it was written as something else, and which bound that was.
    wrapped: Mutex<Option<(Ty, Ty)>>,
}

fn load(cell: &AtomicU32) -> Option<Ty> {
    match cell.load(Ordering::Acquire) {
        UNSET => None,
        id => Some(Ty::from_raw(id)),
    }
}

thread_local! {
    /// Named types whose underlying type this thread is working out, by address.
    static IN_PROGRESS: RefCell<Vec<usize>> = const { RefCell::new(Vec::new()) };
}

impl Named {
    /// Creates a type for `obj`, and makes it `obj`'s type.
    #[expect(clippy::new_ret_no_self, reason = "types live in the arena")]
    pub fn new(obj: ObjRef) -> Ty {
        let ty = Ty::new(Kind::Named(Named::bare(obj, None)));
        obj.set_ty(ty);
        ty
    }

    pub(super) fn bare(obj: ObjRef, instance: Option<Instance>) -> Named {
        Named {
            obj,
            instance,
            rhs: AtomicU32::new(UNSET),
            underlying: AtomicU32::new(UNSET),
            tparams: OnceLock::new(),
            enclosing: OnceLock::new(),
            methods: RwLock::default(),
            expanded: Mutex::default(),
        }
    }

    /// The type name; for an instance the one of its origin.
    pub fn obj(&self) -> ObjRef {
        self.obj
    }

    pub fn instance(&self) -> Option<&Instance> {
        self.instance.as_ref()
    }

    /// The generic type this is an instance of, or the type itself.
    pub fn origin(&self) -> Ty {
        match &self.instance {
            Some(instance) => instance.origin,
            None => self.obj.typ(),
        }
    }

    pub fn targs(&self) -> &[Ty] {
        self.instance.as_ref().map_or(&[], |i| &i.targs)
    }

    /// The type parameters of a generic type. An instance has none.
    pub fn tparams(&self) -> &[Ty] {
        if self.instance.is_some() {
            return &[];
        }
        self.tparams.get().map_or(&[], |t| t)
    }

    /// To be called before the right-hand side is set. Only the first call counts.
    pub fn set_tparams(&self, tparams: Vec<Ty>) {
        let _ = self.tparams.set(tparams);
    }

    /// For a type declared inside a generic function: the function's type parameters, which the type may mention.
    /// Substitution makes instances of such a type over them; the checker itself never needs any.
    pub fn enclosing_tparams(&self) -> &[Ty] {
        self.enclosing.get().map_or(&[], |t| t)
    }

    pub fn set_enclosing_tparams(&self, tparams: Vec<Ty>) {
        let _ = self.enclosing.set(tparams);
    }

    /// What an instance's arguments stand for.
    pub(super) fn all_tparams(&self) -> &[Ty] {
        if self.tparams().is_empty() { self.enclosing_tparams() } else { self.tparams() }
    }

    /// What the declaration says: possibly another named type or an alias. Of an instance: with the arguments put in.
    pub fn rhs(&self) -> Option<Ty> {
        match &self.instance {
            None => load(&self.rhs),
            Some(instance) => {
                if let Some(known) = load(&self.rhs) {
                    return Some(known);
                }
                let origin = instance.origin.as_named()?;
                let rhs = Subst::new(origin.all_tparams(), &instance.targs).ty(origin.rhs()?);
                self.rhs.store(rhs.raw(), Ordering::Release);
                Some(rhs)
            }
        }
    }

    /// May be called again, with an invalid type, when a cycle is found.
    pub fn set_rhs(&self, rhs: Ty) {
        self.rhs.store(rhs.raw(), Ordering::Release);
        self.underlying.store(UNSET, Ordering::Release);
    }

    pub fn underlying(&self) -> Ty {
        if let Some(known) = load(&self.underlying) {
            return known;
        }
        let me = self as *const Named as usize;
        if IN_PROGRESS.with_borrow(|stack| stack.contains(&me)) {
            return Ty::INVALID;
        }
        IN_PROGRESS.with_borrow_mut(|stack| stack.push(me));
        let found = self.find_underlying();
        IN_PROGRESS.with_borrow_mut(|stack| stack.pop());
        match found {
            Some(ty) => {
                self.underlying.store(ty.raw(), Ordering::Release);
                ty
            }
            None => Ty::INVALID,
        }
    }

    /// None: not known yet, or not valid.
    fn find_underlying(&self) -> Option<Ty> {
        let Some(instance) = &self.instance else {
            let under = load(&self.rhs)?.underlying();
            return (under != Ty::INVALID).then_some(under);
        };
        let origin = instance.origin.as_named()?;
        if origin.all_tparams().len() != instance.targs.len() {
            return None;
        }
        let generic = origin.underlying();
        if generic == Ty::INVALID || matches!(generic.kind(), Kind::Interface(i) if !i.is_complete()) {
            return None;
        }
        let me = self.self_ty()?;
        Some(subst::underlying_of_instance(generic, instance, me))
    }

    /// The arena id of an instance, found again through the table of instances.
    fn self_ty(&self) -> Option<Ty> {
        match &self.instance {
            None => Some(self.obj.typ()),
            Some(instance) => Some(instantiate(instance.origin, &instance.targs)),
        }
    }

    pub fn n_methods(&self) -> usize {
        match &self.instance {
            Some(instance) => instance.origin.as_named().map_or(0, Named::n_methods),
            None => self.methods.read().unwrap().len(),
        }
    }

    /// The i-th declared method, in source order; of an instance, its own copy of it.
    pub fn method(&self, i: usize) -> ObjRef {
        let Some(instance) = &self.instance else { return self.methods.read().unwrap()[i] };
        let origin = instance.origin.as_named().expect("an instance's origin is a named type").method(i);
        let mut expanded = self.expanded.lock().unwrap();
        if expanded.len() <= i {
            expanded.resize(i + 1, None);
        }
        match expanded[i] {
            Some(method) if method.origin() == origin => method,
            _ => {
                let me = self.self_ty().expect("an instance has a type");
                *expanded[i].insert(ObjRef::method_of_instance(origin, me))
            }
        }
    }

    /// All declared methods.
    pub fn methods(&self) -> Vec<ObjRef> {
        (0..self.n_methods()).map(|i| self.method(i)).collect()
    }

    /// The declared method of that name as seen from `pkg`.
    pub fn find_method(
        &self,
        pkg: Option<super::PkgRef>,
        name: &str,
        fold_case: bool,
    ) -> Option<(usize, ObjRef)> {
        let at = {
            let origin = match &self.instance {
                Some(instance) => instance.origin.as_named()?,
                None => self,
            };
            let methods = origin.methods.read().unwrap();
            methods.iter().position(|m| m.same_id(pkg, name, fold_case))?
        };
        Some((at, self.method(at)))
    }

    pub fn add_method(&self, method: ObjRef) {
        assert!(self.instance.is_none(), "methods belong to the origin of {}", self.obj.name);
        self.methods.write().unwrap().push(method);
    }
}

impl Alias {
    /// Creates an alias for `obj`, and makes it `obj`'s type.
    #[expect(clippy::new_ret_no_self, reason = "types live in the arena")]
    pub fn new(obj: ObjRef) -> Ty {
        let ty = Ty::new(Kind::Alias(Alias::bare(obj, None)));
        obj.set_ty(ty);
        ty
    }

    pub(super) fn bare(obj: ObjRef, instance: Option<Instance>) -> Alias {
        Alias { obj, instance, rhs: AtomicU32::new(UNSET), tparams: OnceLock::new() }
    }

    pub fn obj(&self) -> ObjRef {
        self.obj
    }

    pub fn instance(&self) -> Option<&Instance> {
        self.instance.as_ref()
    }

    pub fn origin(&self) -> Ty {
        match &self.instance {
            Some(instance) => instance.origin,
            None => self.obj.typ(),
        }
    }

    pub fn targs(&self) -> &[Ty] {
        self.instance.as_ref().map_or(&[], |i| &i.targs)
    }

    /// The type parameters of a generic alias. An instance has none.
    pub fn tparams(&self) -> &[Ty] {
        if self.instance.is_some() {
            return &[];
        }
        self.tparams.get().map_or(&[], |t| t)
    }

    pub fn set_tparams(&self, tparams: Vec<Ty>) {
        let _ = self.tparams.set(tparams);
    }

    /// What the alias was declared to be, one step only. Of an instance: with the arguments put in.
    pub fn rhs(&self) -> Option<Ty> {
        if let Some(known) = load(&self.rhs) {
            return Some(known);
        }
        let instance = self.instance.as_ref()?;
        let origin = instance.origin.as_alias()?;
        if origin.tparams().len() != instance.targs.len() {
            return None;
        }
        let rhs = Subst::new(origin.tparams(), &instance.targs).ty(origin.rhs()?);
        self.rhs.store(rhs.raw(), Ordering::Release);
        Some(rhs)
    }

    pub fn set_rhs(&self, rhs: Ty) {
        self.rhs.store(rhs.raw(), Ordering::Release);
    }

    /// The type at the end of the chain of aliases; invalid while a link is missing.
    pub fn unalias(&self) -> Ty {
        let mut at = self;
        // A cycle of aliases is an error found elsewhere; no honest chain is this long.
        for _ in 0..1000 {
            let Some(next) = at.rhs() else { return Ty::INVALID };
            match next.kind() {
                Kind::Alias(alias) => at = alias,
                _ => return next,
            }
        }
        Ty::INVALID
    }
}

impl TypeParam {
    /// Creates a type parameter for `obj`, and makes it `obj`'s type. The bound is set later.
    #[expect(clippy::new_ret_no_self, reason = "types live in the arena")]
    pub fn new(obj: ObjRef, index: usize) -> Ty {
        let param = TypeParam {
            obj,
            index: AtomicU32::new(index as u32),
            bound: AtomicU32::new(UNSET),
            wrapped: Mutex::new(None),
        };
        let ty = Ty::new(Kind::TypeParam(param));
        if obj.ty().is_none() {
            obj.set_ty(ty);
        }
        ty
    }

    /// The place in the list that declares it.
    pub fn index(&self) -> usize {
        self.index.load(Ordering::Relaxed) as usize
    }

    pub fn set_index(&self, index: usize) {
        self.index.store(index as u32, Ordering::Relaxed);
    }

    /// The constraint as declared, or None while it is not known.
    pub fn bound(&self) -> Option<Ty> {
        load(&self.bound)
    }

    pub fn set_bound(&self, bound: Ty) {
        self.bound.store(bound.raw(), Ordering::Release);
    }

    /// The constraint's interface, made up when the constraint is written without one (`[T ~int]`).
    pub fn interface(&self) -> Ty {
        let Some(bound) = self.bound() else { return Ty::EMPTY_INTERFACE };
        if bound.as_type_param().is_some() {
            return Ty::EMPTY_INTERFACE;
        }
        let under = bound.underlying();
        match under.kind() {
            Kind::Basic(_) if under == Ty::INVALID => Ty::EMPTY_INTERFACE,
            Kind::Interface(_) => under,
            _ => {
                let mut wrapped = self.wrapped.lock().unwrap();
                match *wrapped {
                    Some((of, interface)) if of == bound => interface,
                    _ => wrapped.insert((bound, Interface::implicit_of(bound))).1,
                }
            }
        }
    }
}

type Instances = HashMap<u32, Vec<(Vec<Ty>, Ty)>, FxBuildHasher>;

static INSTANCES: LazyLock<Mutex<Instances>> = LazyLock::new(Default::default);

/// The type (or alias) `origin[targs...]`. Nothing is verified. Signatures are instantiated by [`Subst`].
///
/// One `Ty` is given out for arguments that are spelled alike. Arguments that are merely identical, say through an
/// alias, make another, so that what a package's types look like does not depend on what other packages did before.
pub fn instantiate(origin: Ty, targs: &[Ty]) -> Ty {
    let find = |instances: &Instances| {
        let list = instances.get(&origin.raw())?;
        let quick = list.iter().find(|(have, _)| have == targs);
        Some(quick.or_else(|| list.iter().find(|(have, _)| same_spellings(have, targs)))?.1)
    };
    if let Some(ty) = find(&INSTANCES.lock().unwrap()) {
        return ty;
    }
    let instance = Some(Instance { origin, targs: targs.to_vec() });
    let ty = match origin.kind() {
        Kind::Named(generic) => Ty::new(Kind::Named(Named::bare(generic.obj, instance))),
        Kind::Alias(generic) => Ty::new(Kind::Alias(Alias::bare(generic.obj, instance))),
        _ => panic!("only named types and aliases have instances, not {origin:?}"),
    };
    let mut instances = INSTANCES.lock().unwrap();
    // Another thread may have been faster.
    if let Some(ty) = find(&instances) {
        return ty;
    }
    instances.entry(origin.raw()).or_default().push((targs.to_vec(), ty));
    ty
}

fn same_spellings(a: &[Ty], b: &[Ty]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(&a, &b)| same_spelling(a, b))
}

/// Whether two types are written alike, as far as that is quickly seen. Looks at nothing that is still to be filled.
fn same_spelling(a: Ty, b: Ty) -> bool {
    if a == b {
        return true;
    }
    match (a.kind(), b.kind()) {
        (Kind::Array(a), Kind::Array(b)) => {
            a.len() >= 0 && a.len() == b.len() && same_spelling(a.elem, b.elem)
        }
        (Kind::Slice(a), Kind::Slice(b)) | (Kind::Pointer(a), Kind::Pointer(b)) => same_spelling(*a, *b),
        (Kind::Map(a), Kind::Map(b)) => same_spelling(a.key, b.key) && same_spelling(a.elem, b.elem),
        (Kind::Chan(a), Kind::Chan(b)) => a.dir == b.dir && same_spelling(a.elem, b.elem),
        (Kind::Named(a), Kind::Named(b)) => match (&a.instance, &b.instance) {
            (Some(a), Some(b)) => a.origin == b.origin && same_spellings(&a.targs, &b.targs),
            _ => false,
        },
        _ => false,
    }
}
