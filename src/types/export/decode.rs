//! Reading an interface back.

use dashu::integer::{IBig, UBig};
use dashu::rational::RBig;
use rustc_hash::FxHashMap;

use super::{MAGIC, N_PREDECLARED, object_tag, recv_tag, tag, value_tag};
use crate::base::Pos;
use crate::types::arena::{intern, intern_bytes};
use crate::types::constant::{Const, Float};
use crate::types::interface::Interface;
use crate::types::named::{Alias, Named, TypeParam, instantiate};
use crate::types::object::{ObjRef, VarKind};
use crate::types::scope::PkgRef;
use crate::types::ty::{ChanDir, Kind, Signature, Term, Ty};

type Result<T> = std::result::Result<T, String>;

/// Finds a package by its path.
pub type Importer<'a> = &'a dyn Fn(&str) -> Result<PkgRef>;

/// The package of that interface. Packages that it mentions come from `importer`. The error says that the bytes are
/// damaged, or that a package does not have what they mention.
pub fn decode(bytes: &[u8], importer: Importer<'_>) -> Result<PkgRef> {
    let mut decoder = Decoder::open(bytes, Some(importer))?;
    decoder.read_all()?;
    Ok(decoder.package)
}

/// The paths of the other packages an interface mentions; [`decode`] will ask for them.
pub fn mentioned_packages(bytes: &[u8]) -> Result<Vec<String>> {
    let mut reader = Reader { bytes, at: 0 };
    let strings = reader.header()?;
    let mut paths = Vec::new();
    for i in 0..reader.len()? {
        let path = reader.string(&strings)?;
        reader.number()?;
        if i > 0 {
            paths.push(path.to_owned());
        }
    }
    Ok(paths)
}

struct Reader<'b> {
    bytes: &'b [u8],
    at: usize,
}

fn damaged() -> String {
    "damaged interface".to_owned()
}

impl<'b> Reader<'b> {
    fn number(&mut self) -> Result<u64> {
        let (mut n, mut shift) = (0u64, 0);
        loop {
            let byte = *self.bytes.get(self.at).ok_or_else(damaged)?;
            self.at += 1;
            if shift > 63 {
                return Err(damaged());
            }
            n |= ((byte & 0x7f) as u64) << shift;
            if byte < 0x80 {
                return Ok(n);
            }
            shift += 7;
        }
    }

    /// A number of things that follow, each at least one byte long.
    fn len(&mut self) -> Result<usize> {
        let n = self.number()? as usize;
        if n > self.bytes.len() - self.at { Err(damaged()) } else { Ok(n) }
    }

    fn take(&mut self, n: usize) -> Result<&'b [u8]> {
        let bytes = self.bytes.get(self.at..self.at + n).ok_or_else(damaged)?;
        self.at += n;
        Ok(bytes)
    }

    fn header(&mut self) -> Result<Vec<&'b [u8]>> {
        if self.take(MAGIC.len())? != MAGIC {
            return Err(damaged());
        }
        let n = self.len()?;
        let mut strings = Vec::with_capacity(n);
        for _ in 0..n {
            let len = self.len()?;
            strings.push(self.take(len)?);
        }
        Ok(strings)
    }

    fn bytes(&mut self, strings: &[&'b [u8]]) -> Result<&'b [u8]> {
        let n = self.number()? as usize;
        strings.get(n).copied().ok_or_else(damaged)
    }

    fn string(&mut self, strings: &[&'b [u8]]) -> Result<&'b str> {
        std::str::from_utf8(self.bytes(strings)?).map_err(|_| damaged())
    }

    fn int(&mut self) -> Result<IBig> {
        let len = self.len()?;
        let text = std::str::from_utf8(self.take(len)?).map_err(|_| damaged())?;
        text.parse().map_err(|_| damaged())
    }
}

struct Decoder<'b> {
    reader: Reader<'b>,
    strings: Vec<&'b [u8]>,
    packages: Vec<PkgRef>,
    package: PkgRef,
    tparams: Vec<Ty>,
    types: Vec<Ty>,
    /// Types of this package that are declared inside functions, by name and number.
    locals: FxHashMap<(&'static str, u32), ObjRef>,
}

/// The part of a type parameter that is set once all types are there.
struct Bounds {
    numbers: Vec<usize>,
}

impl<'b> Decoder<'b> {
    fn open(bytes: &'b [u8], importer: Option<Importer<'_>>) -> Result<Decoder<'b>> {
        let mut reader = Reader { bytes, at: 0 };
        let strings = reader.header()?;
        let n = reader.len()?;
        let mut packages = Vec::with_capacity(n);
        for i in 0..n {
            let path = reader.string(&strings)?;
            let name = reader.string(&strings)?;
            packages.push(match importer {
                Some(find) if i > 0 => find(path)?,
                _ => PkgRef::new(path, name),
            });
        }
        let package = *packages.first().ok_or_else(damaged)?;
        let (tparams, types) = (Vec::new(), Vec::new());
        Ok(Decoder { reader, strings, packages, package, tparams, types, locals: FxHashMap::default() })
    }

    fn read_all(&mut self) -> Result<()> {
        let bounds = self.read_tparams()?;
        // Types mention the package's own type names, which stand behind them: these come first.
        let types_at = self.reader.at;
        let n_types = self.skip_types()?;
        let objects_at = self.reader.at;
        self.declare_type_names()?;
        self.reader.at = types_at;
        self.reader.number()?;
        for _ in 0..n_types {
            let ty = self.read_type()?;
            self.types.push(ty);
        }
        for (tparam, bound) in self.tparams.clone().into_iter().zip(bounds.numbers) {
            let bound = *self.types.get(bound).ok_or_else(damaged)?;
            tparam.as_type_param().expect("made as one").set_bound(bound);
        }
        self.reader.at = objects_at;
        for _ in 0..self.reader.len()? {
            self.read_object(true)?;
        }
        let others = self.packages[1..].to_vec();
        self.package.set_imports(others);
        self.package.set_complete();
        Ok(())
    }

    fn read_tparams(&mut self) -> Result<Bounds> {
        let n = self.reader.len()?;
        let mut numbers = Vec::with_capacity(n);
        for _ in 0..n {
            let name = self.reader.string(&self.strings)?;
            let index = self.reader.number()? as usize;
            numbers.push(self.reader.number()? as usize);
            let obj = ObjRef::type_name(Pos::NONE, Some(self.package), name, None);
            self.tparams.push(TypeParam::new(obj, index));
        }
        Ok(Bounds { numbers })
    }

    fn name(&mut self) -> Result<&'static str> {
        Ok(intern(self.reader.string(&self.strings)?))
    }

    fn ty(&mut self) -> Result<Ty> {
        let n = self.reader.number()? as usize;
        self.types.get(n).copied().ok_or_else(damaged)
    }

    fn type_list(&mut self) -> Result<Vec<Ty>> {
        (0..self.reader.len()?).map(|_| self.ty()).collect()
    }

    fn package_ref(&mut self) -> Result<Option<PkgRef>> {
        match self.reader.number()? as usize {
            0 => Ok(None),
            n => self.packages.get(n - 1).map(|p| Some(*p)).ok_or_else(damaged),
        }
    }

    fn skip(&mut self, n: usize) -> Result<()> {
        for _ in 0..n {
            self.reader.number()?;
        }
        Ok(())
    }

    fn skip_list(&mut self, width: usize) -> Result<()> {
        let n = self.reader.len()?;
        self.skip(n * width)
    }

    fn skip_types(&mut self) -> Result<usize> {
        let n = self.reader.len()?;
        for _ in 0..n {
            match self.reader.number()? {
                tag::PREDECLARED | tag::TYPE_PARAM | tag::SLICE | tag::POINTER => self.skip(1)?,
                tag::NAMED => self.skip(3)?,
                tag::INSTANCE => {
                    self.skip(1)?;
                    self.skip_list(1)?;
                }
                tag::ARRAY | tag::MAP | tag::CHAN => self.skip(2)?,
                tag::STRUCT => self.skip_list(5)?,
                tag::TUPLE | tag::UNION => self.skip_list(2)?,
                tag::SIGNATURE => {
                    self.skip(1)?;
                    if self.reader.number()? == recv_tag::TYPE {
                        self.skip(2)?;
                    }
                    [1, 1, 2, 2].into_iter().try_for_each(|width| self.skip_list(width))?;
                }
                tag::INTERFACE => {
                    self.skip(1)?;
                    self.skip_list(3)?;
                    self.skip_list(1)?;
                }
                _ => return Err(damaged()),
            }
        }
        Ok(n)
    }

    fn declare_type_names(&mut self) -> Result<()> {
        for _ in 0..self.reader.len()? {
            self.read_object(false)?;
        }
        Ok(())
    }

    fn own_type(&self, name: &'static str, ordinal: u32) -> Option<ObjRef> {
        match ordinal {
            0 => self.package.scope.lookup(name),
            _ => self.locals.get(&(name, ordinal)).copied(),
        }
    }

    fn declare(&mut self, obj: ObjRef, ordinal: u32) {
        if ordinal == 0 {
            self.package.scope.insert(obj);
        } else {
            obj.set_ordinal(ordinal);
            self.locals.insert((obj.name, ordinal), obj);
        }
    }

    /// Reads an object. The first time (not `whole`) type names are declared, and all else is skipped; the second time
    /// everything is filled.
    fn read_object(&mut self, whole: bool) -> Result<()> {
        let kind = self.reader.number()?;
        let name = self.name()?;
        let ordinal = self.reader.number()? as u32;
        let pkg = Some(self.package);
        match kind {
            object_tag::CONST | object_tag::VAR | object_tag::FUNC => {
                if !whole {
                    self.skip(1)?;
                    match kind {
                        object_tag::CONST => drop(self.value()?),
                        _ => self.skip(1)?,
                    }
                    return Ok(());
                }
                let ty = Some(self.ty()?);
                let obj = match kind {
                    object_tag::CONST => {
                        let value = self.value()?;
                        ObjRef::constant(Pos::NONE, pkg, name, ty, Some(value))
                    }
                    object_tag::VAR => ObjRef::var(VarKind::Package, Pos::NONE, pkg, name, ty),
                    _ => ObjRef::func(Pos::NONE, pkg, name, ty),
                };
                if kind != object_tag::CONST {
                    let symbol = self.name()?;
                    if !symbol.is_empty() {
                        obj.set_linkname(symbol);
                    }
                }
                self.declare(obj, ordinal);
            }
            object_tag::NAMED if !whole => {
                let obj = ObjRef::type_name(Pos::NONE, pkg, name, None);
                Named::new(obj);
                self.declare(obj, ordinal);
                self.skip_list(1)?;
                self.skip(1)?;
                self.skip_list(2)?;
            }
            object_tag::ALIAS if !whole => {
                let obj = ObjRef::type_name(Pos::NONE, pkg, name, None);
                Alias::new(obj);
                self.declare(obj, ordinal);
                self.skip_list(1)?;
                self.skip(1)?;
            }
            object_tag::NAMED => {
                let obj = self.own_type(name, ordinal).ok_or_else(damaged)?;
                let named = obj.typ().as_named().ok_or_else(damaged)?;
                named.set_tparams(self.type_list()?);
                named.set_rhs(self.ty()?);
                for _ in 0..self.reader.len()? {
                    let method = self.name()?;
                    let sig = self.ty()?;
                    named.add_method(ObjRef::func(Pos::NONE, pkg, method, Some(sig)));
                }
            }
            object_tag::ALIAS => {
                let obj = self.own_type(name, ordinal).ok_or_else(damaged)?;
                let alias = obj.typ().as_alias().ok_or_else(damaged)?;
                alias.set_tparams(self.type_list()?);
                alias.set_rhs(self.ty()?);
            }
            _ => return Err(damaged()),
        }
        Ok(())
    }

    fn read_type(&mut self) -> Result<Ty> {
        Ok(match self.reader.number()? {
            tag::PREDECLARED => {
                let id = self.reader.number()? as u32;
                if id >= N_PREDECLARED {
                    return Err(damaged());
                }
                Ty::from_raw(id)
            }
            tag::NAMED => {
                let pkg = self.package_ref()?.ok_or_else(damaged)?;
                let name = self.name()?;
                let ordinal = self.reader.number()? as u32;
                let obj =
                    if pkg == self.package { self.own_type(name, ordinal) } else { pkg.scope.lookup(name) };
                let Some(obj) = obj.filter(|o| o.is_type_name()) else {
                    return Err(format!("package {} has no type {name}", pkg.path));
                };
                obj.typ()
            }
            tag::INSTANCE => {
                let origin = self.ty()?;
                let targs = self.type_list()?;
                if !matches!(origin.kind(), Kind::Named(_) | Kind::Alias(_)) {
                    return Err(damaged());
                }
                instantiate(origin, &targs)
            }
            tag::TYPE_PARAM => {
                let n = self.reader.number()? as usize;
                *self.tparams.get(n).ok_or_else(damaged)?
            }
            tag::ARRAY => {
                let elem = self.ty()?;
                Ty::array(elem, self.reader.number()? as i64 - 1)
            }
            tag::SLICE => Ty::slice(self.ty()?),
            tag::POINTER => Ty::pointer(self.ty()?),
            tag::MAP => {
                let key = self.ty()?;
                Ty::map(key, self.ty()?)
            }
            tag::CHAN => {
                let dir = match self.reader.number()? {
                    0 => ChanDir::Both,
                    1 => ChanDir::Send,
                    _ => ChanDir::Recv,
                };
                Ty::chan(dir, self.ty()?)
            }
            tag::STRUCT => self.structure()?,
            tag::TUPLE => Ty::tuple(self.vars(VarKind::Result)?),
            tag::SIGNATURE => self.signature()?,
            tag::INTERFACE => self.interface()?,
            tag::UNION => {
                let mut terms = Vec::new();
                for _ in 0..self.reader.len()? {
                    let tilde = self.reader.number()? != 0;
                    terms.push(Term { tilde, ty: self.ty()? });
                }
                Ty::union(terms)
            }
            _ => return Err(damaged()),
        })
    }

    fn structure(&mut self) -> Result<Ty> {
        let (mut fields, mut tags) = (Vec::new(), Vec::new());
        for _ in 0..self.reader.len()? {
            let name = self.name()?;
            let pkg = self.package_ref()?;
            let ty = self.ty()?;
            let embedded = self.reader.number()? != 0;
            tags.push(intern_bytes(self.reader.bytes(&self.strings)?));
            fields.push(ObjRef::field(Pos::NONE, pkg, name, Some(ty), embedded));
        }
        if tags.iter().all(|t| t.is_empty()) {
            tags.clear();
        }
        Ok(Ty::structure(fields, tags))
    }

    fn vars(&mut self, kind: VarKind) -> Result<Vec<ObjRef>> {
        let mut vars = Vec::new();
        for _ in 0..self.reader.len()? {
            let name = self.name()?;
            let ty = self.ty()?;
            vars.push(ObjRef::var(kind, Pos::NONE, Some(self.package), name, Some(ty)));
        }
        Ok(vars)
    }

    fn signature(&mut self) -> Result<Ty> {
        let variadic = self.reader.number()? != 0;
        let recv = match self.reader.number()? {
            recv_tag::NONE => None,
            recv_tag::INTERFACE => Some(ObjRef::var(VarKind::Recv, Pos::NONE, Some(self.package), "", None)),
            recv_tag::TYPE => {
                let name = self.name()?;
                let ty = self.ty()?;
                Some(ObjRef::var(VarKind::Recv, Pos::NONE, Some(self.package), name, Some(ty)))
            }
            _ => return Err(damaged()),
        };
        Ok(Ty::signature(Signature {
            recv,
            rparams: self.type_list()?,
            tparams: self.type_list()?,
            params: self.vars(VarKind::Param)?,
            results: self.vars(VarKind::Result)?,
            variadic,
        }))
    }

    fn interface(&mut self) -> Result<Ty> {
        let implicit = self.reader.number()? != 0;
        let ty = Ty::new_interface();
        let mut methods = Vec::new();
        for _ in 0..self.reader.len()? {
            let name = self.name()?;
            let pkg = self.package_ref()?;
            let sig = receiving(self.ty()?, ty)?;
            methods.push(ObjRef::func(Pos::NONE, pkg, name, Some(sig)));
        }
        let embeddeds = self.type_list()?;
        let interface: &Interface = ty.as_interface().expect("new_interface makes an interface");
        interface.complete(methods, embeddeds, Vec::new());
        if implicit {
            interface.set_implicit();
        }
        Ok(ty)
    }

    fn value(&mut self) -> Result<Const> {
        Ok(match self.reader.number()? {
            value_tag::UNKNOWN => Const::Unknown,
            value_tag::FALSE => Const::Bool(false),
            value_tag::TRUE => Const::Bool(true),
            value_tag::STRING => Const::string(self.reader.bytes(&self.strings)?),
            value_tag::INT => Const::int(self.reader.int()?),
            value_tag::RATIO => {
                let num = self.reader.int()?;
                let den = UBig::try_from(self.reader.int()?).map_err(|_| damaged())?;
                if den.is_zero() {
                    return Err(damaged());
                }
                Const::ratio(RBig::from_parts(num, den))
            }
            value_tag::FLOAT => {
                let mant = self.reader.int()?;
                let exp = i64::try_from(&self.reader.int()?).map_err(|_| damaged())?;
                Const::float(Float::new(mant, exp))
            }
            value_tag::COMPLEX => {
                let re = self.value()?;
                Const::complex(re, self.value()?)
            }
            _ => return Err(damaged()),
        })
    }
}

/// The signature of a method of the interface `owner`. Signatures are shared, receivers are not.
fn receiving(sig: Ty, owner: Ty) -> Result<Ty> {
    let s = sig.as_signature().ok_or_else(damaged)?;
    let Some(recv) = s.recv.filter(|r| r.ty().is_none()) else { return Ok(sig) };
    let own = ObjRef::var(VarKind::Recv, Pos::NONE, recv.pkg, recv.name, Some(owner));
    Ok(Ty::signature(Signature {
        recv: Some(own),
        rparams: Vec::new(),
        tparams: s.tparams.clone(),
        params: s.params.clone(),
        results: s.results.clone(),
        variadic: s.variadic,
    }))
}
