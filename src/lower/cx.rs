//! What lowering one package carries along: its checked source, what was made so far, and what is still to be made.

use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::names;
use super::source::Source;
use super::{eq_hash, itab, static_init, typedesc};
use crate::object;
use crate::syntax::ast;
use crate::target::Target;
use crate::types::{Checked, ObjRef, Ty};
use crate::{base, ir};

/// What `lower` is told about the world around a package.
pub struct Env<'a> {
    pub target: &'a Target,
    /// The checked source of an imported package, for the bodies of its generic functions.
    pub source_of: &'a dyn Fn(&str) -> Option<&'a Checked>,
    /// The language version of the package's module.
    pub go_version: (u32, u32),
    /// The files that a pattern of `//go:embed` names.
    pub embedded: &'a dyn Fn(&str) -> Vec<super::Embedded>,
}

/// A generic function or method with its arguments.
#[derive(Clone, Debug)]
pub struct Instance {
    pub symbol: Arc<str>,
    /// The package whose source declares it.
    pub package: &'static str,
    /// `F` or `T.M`.
    pub key: String,
    /// Of the receiver's type, then the function's own.
    pub recv_targs: Vec<Ty>,
    pub targs: Vec<Ty>,
}

/// The lowering of one package.
pub struct Cx<'a> {
    pub env: &'a Env<'a>,
    pub checked: &'a Checked,
    /// The package's own source; other packages' are loaded for their generic functions.
    pub source: &'a Source<'a>,
    sources: FxHashMap<&'static str, &'a Source<'a>>,
    have: FxHashSet<Arc<str>>,
    pub funcs: Vec<ir::UnitFunc>,
    pub datas: Vec<object::Data>,
    /// Instances asked for and not lowered yet.
    pub(super) instances: Vec<Instance>,
    /// One of the packages of the runtime, where nothing is moved to the heap.
    pub runtime: bool,
    /// For the names of function literals outside functions.
    pub(super) n_glob_funcs: u32,
}

/// The packages gc compiles with `-+`: no implicit heap allocation in them (cmd/internal/objabi/pkgspecial.go).
const RUNTIME_PKGS: &[&str] = &[
    "internal/abi",
    "internal/bytealg",
    "internal/byteorder",
    "internal/chacha8rand",
    "internal/coverage/rtcov",
    "internal/cpu",
    "internal/goarch",
    "internal/godebugs",
    "internal/goexperiment",
    "internal/goos",
    "internal/profilerecord",
    "internal/runtime/atomic",
    "internal/runtime/cgroup",
    "internal/runtime/exithook",
    "internal/runtime/gc",
    "internal/runtime/gc/scan",
    "internal/runtime/maps",
    "internal/runtime/math",
    "internal/runtime/sys",
    "internal/runtime/syscall/linux",
    "internal/runtime/syscall/windows",
    "internal/strconv",
    "internal/stringslite",
    "runtime",
];

/// Whether `path` is one of the packages of the runtime.
pub fn is_runtime_pkg(path: &str) -> bool {
    RUNTIME_PKGS.binary_search(&path).is_ok()
}

impl<'a> Cx<'a> {
    pub fn new(env: &'a Env<'a>, source: &'a Source<'a>) -> Cx<'a> {
        let checked = source.checked;
        Cx {
            env,
            checked,
            source,
            sources: FxHashMap::default(),
            have: FxHashSet::default(),
            funcs: Vec::new(),
            datas: Vec::new(),
            instances: Vec::new(),
            runtime: is_runtime_pkg(checked.package.path),
            n_glob_funcs: 0,
        }
    }

    /// Import path of the package.
    pub fn package_path(&self) -> &'static str {
        self.checked.package.path
    }

    /// Whether a symbol of that name was added or claimed.
    pub fn has_sym(&self, name: &str) -> bool {
        self.have.contains(name)
    }

    /// Claims a name: true the first time. For things that refer to themselves while they are made.
    pub fn claim(&mut self, name: &Arc<str>) -> bool {
        self.have.insert(name.clone())
    }

    pub fn add_data(&mut self, data: object::Data) {
        self.have.insert(data.name.clone());
        self.datas.push(data);
    }

    pub fn add_func(&mut self, func: ir::Func, meta: ir::FuncMeta) {
        debug_assert_eq!(ir::verify(&func), Ok(()), "{func}");
        self.have.insert(func.name.clone());
        self.funcs.push(ir::UnitFunc { func: Arc::new(func), meta });
    }

    /// The symbol of a function, method or variable that is not generic, linknames applied.
    pub fn obj_sym(&self, obj: ObjRef) -> Arc<str> {
        if let Some(symbol) = obj.linkname() {
            return symbol.into();
        }
        let plain: String = match obj.typ().as_signature().and_then(|sig| sig.recv) {
            Some(recv) if obj.is_func() => {
                let ty = recv.typ();
                let (base, ptr) = match ty.unalias().as_pointer() {
                    Some(base) => (base, true),
                    None => (ty, false),
                };
                names::method_symbol(base, ptr, obj.name, &[])
            }
            _ => names::object_symbol(obj),
        };
        plain.into()
    }

    /// The symbol of an instance, which is lowered later on.
    pub fn instance_sym(&mut self, instance: Instance) -> Arc<str> {
        let symbol = instance.symbol.clone();
        if self.claim(&symbol) {
            self.instances.push(instance);
        }
        symbol
    }

    /// The source of the package `path`.
    pub(super) fn source_of(&mut self, path: &'static str) -> &'a Source<'a> {
        if path == self.checked.package.path {
            return self.source;
        }
        if let Some(source) = self.sources.get(path) {
            return source;
        }
        let checked = (self.env.source_of)(path)
            .unwrap_or_else(|| panic!("the source of {path} is needed for its generic functions"));
        // One per generic package and process run; the tree it points into lives as long.
        let source: &'a Source<'a> = Box::leak(Box::new(Source::new(checked)));
        self.sources.insert(path, source);
        source
    }

    /// A function literal outside any function: the symbol of its code. Lowered at once.
    pub fn func_lit(&mut self, lit: &'a ast::Expr) -> Arc<str> {
        super::closure::glob_lit(self, lit)
    }

    /// The descriptor of a type.
    pub fn type_sym(&mut self, ty: Ty) -> Arc<str> {
        typedesc::type_sym(self, ty)
    }

    /// The itab of a concrete type for an interface with methods.
    pub fn itab_sym(&mut self, concrete: Ty, iface: Ty) -> Arc<str> {
        itab::itab_sym(self, concrete, iface)
    }

    /// The code that compares two values by their addresses.
    pub fn eq_func(&mut self, ty: Ty) -> Arc<str> {
        eq_hash::eq_func(self, ty)
    }

    pub fn string_sym(&mut self, bytes: &[u8]) -> Arc<str> {
        static_init::string_sym(self, bytes)
    }

    /// The func value of a function without context.
    pub fn funcval_sym(&mut self, code: &str) -> Arc<str> {
        static_init::funcval_sym(self, code)
    }

    /// File names and start line of what is declared at `pos`.
    pub fn meta(source: &Source<'_>, pos: base::Pos) -> ir::FuncMeta {
        if pos.is_none() {
            return ir::FuncMeta { files: vec!["<autogenerated>".into()], start_line: 1 };
        }
        let (name, line, _) = source.checked.sources.get(pos.file).shown(pos.offset);
        ir::FuncMeta { files: vec![name.into()], start_line: line }
    }
}
