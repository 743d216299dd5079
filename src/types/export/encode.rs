//! Writing an interface.

use std::collections::{HashMap, VecDeque};

use dashu::integer::IBig;
use rustc_hash::{FxHashMap, FxHashSet};

use super::{MAGIC, N_PREDECLARED, object_tag, recv_tag, tag, value_tag};
use crate::types::constant::Const;
use crate::types::object::{ObjKind, ObjRef};
use crate::types::scope::PkgRef;
use crate::types::ty::{ChanDir, Kind, Signature, Ty};

/// The interface of a checked package.
pub fn encode(package: PkgRef) -> Vec<u8> {
    let mut encoder = Encoder::new(package);
    for obj in package.scope.objects() {
        if obj.exported() {
            encoder.reach(obj);
        }
    }
    while let Some(obj) = encoder.queue.pop_front() {
        encoder.object(obj);
    }
    encoder.finish()
}

struct Encoder {
    package: PkgRef,
    strings: Table,
    packages: Vec<PkgRef>,
    tparams: Vec<Ty>,
    types: Table,
    type_numbers: FxHashMap<Ty, u64>,
    objects: Vec<Vec<u8>>,
    reached: FxHashSet<ObjRef>,
    queue: VecDeque<ObjRef>,
}

/// Byte strings, each once, numbered in the order they came.
#[derive(Default)]
struct Table {
    list: Vec<Vec<u8>>,
    numbers: HashMap<Vec<u8>, u64>,
}

impl Table {
    fn number(&mut self, bytes: Vec<u8>) -> u64 {
        if let Some(&n) = self.numbers.get(&bytes) {
            return n;
        }
        let n = self.list.len() as u64;
        self.list.push(bytes.clone());
        self.numbers.insert(bytes, n);
        n
    }
}

/// Appends LEB128.
fn put(out: &mut Vec<u8>, mut n: u64) {
    while n >= 0x80 {
        out.push(n as u8 | 0x80);
        n >>= 7;
    }
    out.push(n as u8);
}

impl Encoder {
    fn new(package: PkgRef) -> Encoder {
        Encoder {
            package,
            strings: Table::default(),
            packages: vec![package],
            tparams: Vec::new(),
            types: Table::default(),
            type_numbers: FxHashMap::default(),
            objects: Vec::new(),
            reached: FxHashSet::default(),
            queue: VecDeque::new(),
        }
    }

    fn finish(mut self) -> Vec<u8> {
        // Bounds may mention further parameters and types, even objects.
        let mut bounds = Vec::new();
        while bounds.len() < self.tparams.len() {
            let tparam = self.tparams[bounds.len()].as_type_param().expect("only type parameters are listed");
            let mut out = Vec::new();
            let bound = self.ty(tparam.bound().unwrap_or(Ty::INVALID));
            let name = self.string(tparam.obj.name);
            put(&mut out, name);
            put(&mut out, tparam.index() as u64);
            put(&mut out, bound);
            bounds.push(out);
            while let Some(obj) = self.queue.pop_front() {
                self.object(obj);
            }
        }
        let packages: Vec<(u64, u64)> =
            self.packages.clone().iter().map(|p| (self.string(p.path), self.string(p.name()))).collect();
        let mut out = MAGIC.to_vec();
        put(&mut out, self.strings.list.len() as u64);
        for s in &self.strings.list {
            put(&mut out, s.len() as u64);
            out.extend_from_slice(s);
        }
        put(&mut out, packages.len() as u64);
        for (path, name) in packages {
            put(&mut out, path);
            put(&mut out, name);
        }
        for table in [&bounds, &self.types.list, &self.objects] {
            put(&mut out, table.len() as u64);
            table.iter().for_each(|record| out.extend_from_slice(record));
        }
        out
    }

    fn string(&mut self, s: &str) -> u64 {
        self.bytes(s.as_bytes())
    }

    fn bytes(&mut self, s: &[u8]) -> u64 {
        self.strings.number(s.to_vec())
    }

    /// 0 stands for the universe, n for package n - 1.
    fn package(&mut self, pkg: Option<PkgRef>) -> u64 {
        let Some(pkg) = pkg else { return 0 };
        let known = self.packages.iter().position(|p| p.path == pkg.path);
        let at = known.unwrap_or_else(|| {
            self.packages.push(pkg);
            self.packages.len() - 1
        });
        at as u64 + 1
    }

    fn reach(&mut self, obj: ObjRef) {
        if self.reached.insert(obj) {
            self.queue.push_back(obj);
        }
    }

    fn object(&mut self, obj: ObjRef) {
        let mut out = Vec::new();
        let ty = obj.typ();
        let kind = match &obj.kind {
            ObjKind::Const { .. } => object_tag::CONST,
            ObjKind::Var(_) => object_tag::VAR,
            ObjKind::Func(_) => object_tag::FUNC,
            ObjKind::TypeName if matches!(ty.kind(), Kind::Named(n) if n.obj() == obj) => object_tag::NAMED,
            ObjKind::TypeName => object_tag::ALIAS,
            _ => return,
        };
        put(&mut out, kind);
        let name = self.string(obj.name);
        put(&mut out, name);
        put(&mut out, obj.ordinal().map_or(0, |n| n as u64));
        match kind {
            object_tag::CONST => {
                let ty = self.ty(ty);
                put(&mut out, ty);
                self.value(&mut out, &obj.value().unwrap_or(Const::Unknown));
            }
            object_tag::VAR | object_tag::FUNC => {
                let ty = self.ty(ty);
                put(&mut out, ty);
                // Empty for its own symbol.
                let symbol = self.string(obj.linkname().unwrap_or(""));
                put(&mut out, symbol);
            }
            object_tag::NAMED => {
                let named = ty.as_named().expect("the tag says so");
                self.types(&mut out, named.tparams());
                let rhs = self.ty(named.rhs().unwrap_or(Ty::INVALID));
                put(&mut out, rhs);
                let mut methods = named.methods();
                methods.sort_by_cached_key(|m| m.id());
                put(&mut out, methods.len() as u64);
                for method in methods {
                    let name = self.string(method.name);
                    let sig = self.ty(method.typ());
                    put(&mut out, name);
                    put(&mut out, sig);
                }
            }
            _ => match ty.kind() {
                Kind::Alias(alias) if alias.obj() == obj => {
                    self.types(&mut out, alias.tparams());
                    let rhs = self.ty(alias.rhs().unwrap_or(Ty::INVALID));
                    put(&mut out, rhs);
                }
                // A name for an alias without a node of its own.
                _ => {
                    put(&mut out, 0);
                    let rhs = self.ty(ty);
                    put(&mut out, rhs);
                }
            },
        }
        self.objects.push(out);
    }

    fn types(&mut self, out: &mut Vec<u8>, types: &[Ty]) {
        let numbers: Vec<u64> = types.iter().map(|&t| self.ty(t)).collect();
        put(out, numbers.len() as u64);
        numbers.into_iter().for_each(|n| put(out, n));
    }

    fn ty(&mut self, ty: Ty) -> u64 {
        if let Some(&n) = self.type_numbers.get(&ty) {
            return n;
        }
        let record = self.type_record(ty);
        let n = self.types.number(record);
        self.type_numbers.insert(ty, n);
        n
    }

    fn type_record(&mut self, ty: Ty) -> Vec<u8> {
        let mut out = Vec::new();
        if ty.raw() < N_PREDECLARED {
            put(&mut out, tag::PREDECLARED);
            put(&mut out, ty.raw() as u64);
            return out;
        }
        match ty.kind() {
            Kind::Basic(_) => panic!("basic types are predeclared"),
            Kind::Named(named) => match named.instance() {
                Some(i) => self.instance(&mut out, i.origin, &i.targs),
                None => self.named(&mut out, named.obj()),
            },
            Kind::Alias(alias) => match alias.instance() {
                Some(i) => self.instance(&mut out, i.origin, &i.targs),
                None => self.named(&mut out, alias.obj()),
            },
            Kind::TypeParam(_) => {
                let at = self.tparams.iter().position(|&p| p == ty).unwrap_or_else(|| {
                    self.tparams.push(ty);
                    self.tparams.len() - 1
                });
                put(&mut out, tag::TYPE_PARAM);
                put(&mut out, at as u64);
            }
            Kind::Array(array) => {
                let elem = self.ty(array.elem);
                put(&mut out, tag::ARRAY);
                put(&mut out, elem);
                // An unknown length is −1.
                put(&mut out, (array.len() + 1) as u64);
            }
            Kind::Slice(elem) => self.wrapper(&mut out, tag::SLICE, *elem),
            Kind::Pointer(elem) => self.wrapper(&mut out, tag::POINTER, *elem),
            Kind::Map(map) => {
                let (key, elem) = (self.ty(map.key), self.ty(map.elem));
                [tag::MAP, key, elem].into_iter().for_each(|n| put(&mut out, n));
            }
            Kind::Chan(chan) => {
                let elem = self.ty(chan.elem);
                let dir = match chan.dir {
                    ChanDir::Both => 0,
                    ChanDir::Send => 1,
                    ChanDir::Recv => 2,
                };
                [tag::CHAN, dir, elem].into_iter().for_each(|n| put(&mut out, n));
            }
            Kind::Struct(s) => {
                put(&mut out, tag::STRUCT);
                put(&mut out, s.fields.len() as u64);
                for (i, field) in s.fields.iter().enumerate() {
                    let (name, pkg) = (self.string(field.name), self.package(field.pkg));
                    let (ty, label) = (self.ty(field.typ()), self.bytes(s.tag(i)));
                    for n in [name, pkg, ty, field.is_embedded() as u64, label] {
                        put(&mut out, n);
                    }
                }
            }
            Kind::Tuple(t) => {
                put(&mut out, tag::TUPLE);
                self.vars(&mut out, &t.vars);
            }
            Kind::Signature(sig) => self.signature(&mut out, sig),
            Kind::Interface(interface) => {
                put(&mut out, tag::INTERFACE);
                put(&mut out, interface.is_implicit() as u64);
                put(&mut out, interface.methods().len() as u64);
                for method in interface.methods() {
                    let (name, pkg) = (self.string(method.name), self.package(method.pkg));
                    let sig = self.ty(method.typ());
                    [name, pkg, sig].into_iter().for_each(|n| put(&mut out, n));
                }
                self.types(&mut out, interface.embeddeds());
            }
            Kind::Union(union) => {
                put(&mut out, tag::UNION);
                put(&mut out, union.terms.len() as u64);
                for term in &union.terms {
                    let ty = self.ty(term.ty);
                    put(&mut out, term.tilde as u64);
                    put(&mut out, ty);
                }
            }
        }
        out
    }

    fn wrapper(&mut self, out: &mut Vec<u8>, tag: u64, elem: Ty) {
        let elem = self.ty(elem);
        put(out, tag);
        put(out, elem);
    }

    fn named(&mut self, out: &mut Vec<u8>, obj: ObjRef) {
        if obj.pkg.is_some_and(|p| p == self.package) {
            self.reach(obj);
        }
        put(out, tag::NAMED);
        let (pkg, name) = (self.package(obj.pkg), self.string(obj.name));
        [pkg, name, obj.ordinal().map_or(0, |n| n as u64)].into_iter().for_each(|n| put(out, n));
    }

    fn instance(&mut self, out: &mut Vec<u8>, origin: Ty, targs: &[Ty]) {
        let origin = self.ty(origin);
        put(out, tag::INSTANCE);
        put(out, origin);
        self.types(out, targs);
    }

    fn vars(&mut self, out: &mut Vec<u8>, vars: &[ObjRef]) {
        put(out, vars.len() as u64);
        for var in vars {
            let (name, ty) = (self.string(var.name), self.ty(var.typ()));
            put(out, name);
            put(out, ty);
        }
    }

    fn signature(&mut self, out: &mut Vec<u8>, sig: &Signature) {
        put(out, tag::SIGNATURE);
        put(out, sig.variadic as u64);
        match sig.recv {
            None => put(out, recv_tag::NONE),
            Some(recv) if matches!(recv.typ().kind(), Kind::Interface(_)) => put(out, recv_tag::INTERFACE),
            Some(recv) => {
                put(out, recv_tag::TYPE);
                let (name, ty) = (self.string(recv.name), self.ty(recv.typ()));
                put(out, name);
                put(out, ty);
            }
        }
        self.types(out, &sig.rparams);
        self.types(out, &sig.tparams);
        self.vars(out, &sig.params);
        self.vars(out, &sig.results);
    }

    fn value(&mut self, out: &mut Vec<u8>, value: &Const) {
        match value {
            Const::Unknown => put(out, value_tag::UNKNOWN),
            Const::Bool(b) => put(out, if *b { value_tag::TRUE } else { value_tag::FALSE }),
            Const::Str(s) => {
                put(out, value_tag::STRING);
                let s = self.bytes(s);
                put(out, s);
            }
            Const::Int(n) => {
                put(out, value_tag::INT);
                self.int(out, &IBig::from(*n));
            }
            Const::Big(n) => {
                put(out, value_tag::INT);
                self.int(out, n);
            }
            Const::Rat(r) => {
                put(out, value_tag::RATIO);
                self.int(out, r.numerator());
                self.int(out, &IBig::from(r.denominator().clone()));
            }
            Const::Float(f) => {
                put(out, value_tag::FLOAT);
                self.int(out, &f.mant);
                self.int(out, &IBig::from(f.exp));
            }
            Const::Complex(c) => {
                put(out, value_tag::COMPLEX);
                self.value(out, &c.0);
                self.value(out, &c.1);
            }
        }
    }

    fn int(&mut self, out: &mut Vec<u8>, n: &IBig) {
        let bytes = n.to_string();
        put(out, bytes.len() as u64);
        out.extend_from_slice(bytes.as_bytes());
    }
}
