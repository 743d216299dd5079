//! Interfaces and the sets of types they stand for.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::base::Pos;

use super::object::ObjRef;
use super::ty::{Kind, Ty};
use super::type_set::{self, TypeSet, TypeSetFault};

/// An interface type: methods and embedded elements as written, and, on demand, its type set.
#[derive(Debug)]
pub struct Interface {
    body: OnceLock<Body>,
    implicit: AtomicBool,
    /// Only true for the predeclared `comparable`.
    comparable: AtomicBool,
    pub(super) type_set: OnceLock<TypeSet>,
    /// What was wrong when `type_set` was computed.
    pub(super) faults: OnceLock<Vec<TypeSetFault>>,
}

#[derive(Debug)]
struct Body {
    methods: Vec<ObjRef>,
    embeddeds: Vec<Ty>,
    embed_pos: Vec<Pos>,
}

impl Interface {
    pub(super) fn new() -> Interface {
        Interface {
            body: OnceLock::new(),
            implicit: AtomicBool::new(false),
            comparable: AtomicBool::new(false),
            type_set: OnceLock::new(),
            faults: OnceLock::new(),
        }
    }

    /// A complete interface. `embed_pos` is empty or as long as `embeddeds`.
    pub fn make(methods: Vec<ObjRef>, embeddeds: Vec<Ty>) -> Ty {
        let ty = Ty::new_interface();
        let interface = ty.as_interface().expect("new_interface makes an interface");
        interface.complete(methods, embeddeds, Vec::new());
        ty
    }

    /// The interface meant by a constraint that is written as a bare type or union.
    pub fn implicit_of(bound: Ty) -> Ty {
        let ty = Interface::make(Vec::new(), vec![bound]);
        ty.as_interface().expect("make makes an interface").set_implicit();
        ty
    }

    pub fn is_complete(&self) -> bool {
        self.body.get().is_some()
    }

    /// Fills the interface; only the first call counts.
    pub fn complete(&self, mut methods: Vec<ObjRef>, embeddeds: Vec<Ty>, embed_pos: Vec<Pos>) {
        methods.sort_by_cached_key(|m| m.id());
        let _ = self.body.set(Body { methods, embeddeds, embed_pos });
    }

    /// Explicitly declared methods, sorted by [`ObjRef::id`].
    pub fn methods(&self) -> &[ObjRef] {
        self.body.get().map_or(&[], |b| &b.methods)
    }

    pub fn embeddeds(&self) -> &[Ty] {
        self.body.get().map_or(&[], |b| &b.embeddeds)
    }

    /// Where the i-th embedded element was written.
    pub fn embed_pos(&self, i: usize) -> Pos {
        self.body.get().and_then(|b| b.embed_pos.get(i)).copied().unwrap_or(Pos::NONE)
    }

    /// Whether the interface was made up around a constraint literal.
    pub fn is_implicit(&self) -> bool {
        self.implicit.load(Ordering::Relaxed)
    }

    pub fn set_implicit(&self) {
        self.implicit.store(true, Ordering::Relaxed);
    }

    /// Whether this is the body of the predeclared `comparable`.
    pub(super) fn is_comparable_itself(&self) -> bool {
        self.comparable.load(Ordering::Relaxed)
    }

    pub(super) fn set_comparable(&self) {
        self.comparable.store(true, Ordering::Relaxed);
    }

    /// The set of types that implement the interface. The set of all types while the interface is incomplete.
    pub fn type_set(&'static self) -> &'static TypeSet {
        type_set::of(self)
    }

    /// What is wrong with the interface, as far as its type set shows.
    pub fn type_set_faults(&'static self) -> &'static [TypeSetFault] {
        self.type_set();
        self.faults.get().map_or(&[], |f| f)
    }

    /// Number of methods, embedded ones included.
    pub fn n_methods(&'static self) -> usize {
        self.type_set().methods.len()
    }

    /// `interface{}` or any interface every type implements.
    pub fn is_empty(&'static self) -> bool {
        self.type_set().is_all()
    }
}

impl Ty {
    /// The type set of a type that is an interface or a type parameter underneath.
    pub fn type_set(self) -> Option<&'static TypeSet> {
        match self.under() {
            Kind::Interface(i) => Some(i.type_set()),
            _ => None,
        }
    }
}
