//! One package's checked source, indexed for lowering.

use rustc_hash::FxHashMap;

use crate::syntax::ast;
use crate::types::{Checked, ExprId, Kind, ObjRef, Ty};

/// A declared function or method with its source.
#[derive(Clone, Copy)]
pub struct FuncSource<'a> {
    pub decl: &'a ast::FuncDecl,
    pub obj: ObjRef,
    /// The receiver's base type as declared, and whether the receiver is a pointer to it.
    pub recv: Option<(Ty, bool)>,
}

/// A package's source with its functions by name.
pub struct Source<'a> {
    pub checked: &'a Checked,
    /// All functions in source order.
    pub funcs: Vec<FuncSource<'a>>,
    /// By `F` or `T.M`.
    pub by_key: FxHashMap<String, usize>,
    /// Initial values of package variables by the expression's id.
    pub values: FxHashMap<ExprId, &'a ast::Expr>,
}

impl<'a> Source<'a> {
    pub fn new(checked: &'a Checked) -> Source<'a> {
        let mut source =
            Source { checked, funcs: Vec::new(), by_key: FxHashMap::default(), values: FxHashMap::default() };
        for file in &checked.files {
            for decl in &file.decls {
                match decl {
                    ast::Decl::Func(func) => source.add_func(func),
                    ast::Decl::Var(var) => {
                        for value in &var.values {
                            source.values.insert(value.id, value);
                        }
                    }
                    _ => {}
                }
            }
        }
        source
    }

    fn add_func(&mut self, decl: &'a ast::FuncDecl) {
        let Some(Some(obj)) = self.checked.info.defs.get(decl.name.id).copied() else {
            // `func _()` and functions in error have no object; they produce no code.
            return;
        };
        let recv = obj.typ().as_signature().and_then(|sig| sig.recv).map(|recv| {
            let ty = recv.typ();
            match ty.unalias().kind() {
                Kind::Pointer(base) => (*base, true),
                _ => (ty, false),
            }
        });
        let key = match recv {
            Some((base, _)) => method_key(base, obj.name),
            None => obj.name.to_owned(),
        };
        self.by_key.entry(key).or_insert(self.funcs.len());
        self.funcs.push(FuncSource { decl, obj, recv });
    }

    pub fn find(&self, key: &str) -> Option<FuncSource<'a>> {
        self.by_key.get(key).map(|&i| self.funcs[i])
    }
}

/// `T.M`.
pub fn method_key(base: Ty, method: &str) -> String {
    let named = base.as_named().unwrap_or_else(|| panic!("the receiver {base:?} is not a named type"));
    format!("{}.{method}", named.obj().name)
}
