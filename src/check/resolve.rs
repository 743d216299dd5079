//! Collecting what the files of a package declare and import, before anything is looked at more closely.

use std::rc::Rc;

use super::codes::Code;
use super::message::{Fault, measure};
use super::scopes::ScopeId;
use super::version::CURRENT;
use super::{Checker, DeclInfo, DeclKind};
use crate::base::Pos;
use crate::syntax::ast::{self, Decl, ExprKind, Ident};
use crate::types::{self, Const, ObjKind, ObjRef, PkgRef, VarKind};

/// A method and the name of its receiver's base type.
struct Method<'a> {
    obj: ObjRef,
    is_ptr: bool,
    base: &'a ast::Name,
}

impl<'a> Checker<'a> {
    pub(super) fn collect_objects(&mut self, files_in_use: &[usize]) {
        let files = self.files;
        let mut methods = Vec::new();
        let mut file_scopes = Vec::new();
        for &i in files_in_use {
            let file = &files[i];
            self.env.version = self.file_version(file);
            let version = self.env.version.unwrap_or(CURRENT);
            self.info.file_versions.resize(i + 1, (CURRENT.major, CURRENT.minor));
            self.info.file_versions[i] = (version.major, version.minor);
            self.record_def(eid(file.package.id), None);
            let scope = self.scopes.add(None, false);
            file_scopes.push(scope);
            let mut consts = ConstGroup::default();
            for decl in &file.decls {
                match decl {
                    Decl::Import(d) => self.collect_import(d, scope),
                    Decl::Const(d) => self.collect_consts(d, scope, &mut consts),
                    Decl::Var(d) => self.collect_vars(d, scope),
                    Decl::Type(d) => {
                        let obj = ObjRef::type_name(d.name.pos, Some(self.pkg), &d.name.name, None);
                        self.declare_package_object(&d.name, obj, scope, DeclKind::Type(d));
                    }
                    Decl::Func(d) => methods.extend(self.collect_func(d, scope)),
                }
                if !matches!(decl, Decl::Const(_)) {
                    consts = ConstGroup::default();
                }
            }
        }
        self.env.version = None;
        for &i in files_in_use {
            files[i].directives.iter().for_each(|d| self.collect_linkname(d));
        }
        self.pkg.set_imports(self.imported.clone());
        self.check_file_scopes(&file_scopes);
        for Method { obj, is_ptr, base } in methods {
            if let Some((is_ptr, base)) = self.base_type_name(is_ptr, base) {
                obj.set_ptr_recv(is_ptr);
                self.methods.entry(base).or_default().push(obj);
            }
        }
    }

    /// `//go:linkname local symbol`: importers must use that symbol, too.
    fn collect_linkname(&mut self, d: &ast::Directive) {
        if !matches!(d.name.as_str(), "go:linkname" | "go:linknamestd") {
            return;
        }
        let mut words = d.args.split_whitespace();
        // With one name the function only keeps its own symbol visible to others.
        if let (Some(local), Some(symbol)) = (words.next(), words.next())
            && let Some(obj) = self.pkg_names.get(local)
            && (obj.is_func() || obj.is_var())
        {
            obj.set_linkname(symbol);
        }
    }

    fn collect_import(&mut self, d: &'a ast::ImportDecl, scope: ScopeId) {
        match &d.path_lit.kind {
            ExprKind::Lit(lit) if !lit.bad && lit.kind == ast::LitKind::String => (),
            _ => return,
        }
        if let Some(cause) = bad_import_path(&d.path) {
            self.error(d.path_lit.pos, Code::BadImportPath, format!("invalid import path ({cause})"));
            return;
        }
        let imported = self.import_package(d.path_lit.pos, &d.path);
        let mut name = imported.name().to_owned();
        if let Some(local) = &d.name {
            name = local.name.to_string();
            if &*d.path == "C" {
                self.error(local.pos, Code::ImportCRenamed, "cannot rename import \"C\"");
                return;
            }
        }
        if name == "init" {
            let text = "cannot import package as init - init must be a func";
            self.error(d.pos, Code::InvalidInitDecl, text);
            return;
        }
        if !self.imported.contains(&imported) {
            self.imported.push(imported);
        }
        let obj = ObjRef::pkg_name(d.pos, Some(self.pkg), &name, imported);
        match &d.name {
            Some(local) => self.record_def(eid(local.id), Some(obj)),
            None => self.record_implicit(d.pos, obj),
        }
        if self.fake_packages.contains(&imported) {
            obj.set_used(true);
        }
        self.import_names.push(obj);
        if name != "." {
            self.declare(Some(scope), None, obj);
            return;
        }
        let at = d.name.as_ref().map_or(d.pos, |n| n.pos);
        for member in imported.scope.objects() {
            if !member.exported() {
                continue;
            }
            match self.scopes.insert(scope, member) {
                Some(other) => {
                    let mut fault = Fault::new(Code::DuplicateDecl);
                    fault.add(at, format!("{} redeclared in this block", other.name));
                    self.other_declaration(&mut fault, other);
                    self.report(fault);
                }
                None => {
                    self.dot_imports.insert((scope, member.name), obj);
                }
            }
        }
    }

    fn import_package(&mut self, at: Pos, path: &str) -> PkgRef {
        if let Some(&fake) = self.fake_by_path.get(path) {
            return fake;
        }
        if path == "unsafe" {
            return types::universe::unsafe_package();
        }
        let found = if let (Some(cause), false) = (uncanonical(path), self.options.raw_diagnostics) {
            self.error(at, Code::BrokenImport, format!("could not import {path} ({cause})"));
            None
        } else if path == "C" && self.options.fake_import_c {
            None
        } else {
            match (self.importer)(path) {
                Ok(pkg) => return pkg,
                Err(cause) => {
                    self.error(at, Code::BrokenImport, format!("could not import {path} ({cause})"));
                    None
                }
            }
        };
        // Names of a package that is not there are taken to exist.
        found.unwrap_or_else(|| {
            let name = path.trim_end_matches('/');
            let fake = PkgRef::new(path, name.rsplit('/').next().unwrap_or(name));
            self.fake_packages.insert(fake);
            self.fake_by_path.insert(path.to_owned(), fake);
            fake
        })
    }

    fn collect_consts(&mut self, d: &'a ast::ConstDecl, scope: ScopeId, group: &mut ConstGroup<'a>) {
        let (source, inherited) = group.source(d);
        let (ty, values) = source.map_or((None, &[][..]), |s| (s.ty.as_ref(), &s.values[..]));
        for (i, name) in d.names.iter().enumerate() {
            let obj = self.new_const(name, d.iota);
            let kind = DeclKind::Const { ty, init: values.get(i), inherited };
            self.declare_package_object(name, obj, scope, kind);
        }
        self.check_arity(d.pos, &d.names, values, true, inherited);
    }

    pub(super) fn new_const(&mut self, name: &Ident, iota: u32) -> ObjRef {
        ObjRef::constant(name.pos, Some(self.pkg), &name.name, None, Some(Const::Int(i64::from(iota))))
    }

    fn collect_vars(&mut self, d: &'a ast::VarDecl, scope: ScopeId) {
        let objs: Rc<[ObjRef]> = d
            .names
            .iter()
            .map(|n| ObjRef::var(VarKind::Package, n.pos, Some(self.pkg), &n.name, None))
            .collect();
        let ty = d.ty.as_ref();
        // One value for several variables: they share it.
        let shared = d.values.len() == 1 && d.names.len() > 1;
        let mut shared_decl = None;
        for (i, name) in d.names.iter().enumerate() {
            if let (true, Some(first)) = (shared, shared_decl) {
                self.declare_shared(name, objs[i], first);
                continue;
            }
            let init = if shared { d.values.first() } else { d.values.get(i) };
            let kind = DeclKind::Var { lhs: shared.then(|| objs.clone()), ty, init };
            shared_decl = self.declare_package_object(name, objs[i], scope, kind).or(shared_decl);
        }
        if d.ty.is_none() || !d.values.is_empty() {
            self.check_arity(d.pos, &d.names, &d.values, false, false);
        }
    }

    fn collect_func(&mut self, d: &'a ast::FuncDecl, scope: ScopeId) -> Option<Method<'a>> {
        let name = &*d.name.name;
        let obj = ObjRef::func(d.name.pos, Some(self.pkg), name, None);
        let mut method = None;
        let tparam = d.tparams.first().map(|t| t.pos);
        match &d.recv {
            None => {
                if name == "init" || name == "main" && self.pkg.name() == "main" {
                    let code = if name == "main" { Code::InvalidMainDecl } else { Code::InvalidInitDecl };
                    if let Some(at) = tparam {
                        self.soft_error(at, code, format!("func {name} must have no type parameters"));
                    }
                    if !d.sig.params.is_empty() || !d.sig.results.is_empty() {
                        let text = format!("func {name} must have no arguments and no return values");
                        self.soft_error(d.name.pos, code, text);
                    }
                } else if let Some(at) = tparam {
                    self.verify_version(at, 18, |_| "type parameter".to_owned());
                }
                if name == "init" {
                    self.record_def(eid(d.name.id), Some(obj));
                    if d.body.is_none() {
                        self.soft_error(obj.pos, Code::MissingInitBody, "func init must have a body");
                    }
                } else {
                    self.declare(None, Some(&d.name), obj);
                }
            }
            Some(recv) => {
                let (is_ptr, base, _) = unpack_receiver(&recv.ty);
                if let (Some(base), false) = (base.as_name(), name == "_") {
                    method = Some(Method { obj, is_ptr, base });
                }
                if let Some(at) = tparam {
                    self.verify_version(at, 27, |_| "generic method".to_owned());
                }
                self.record_def(eid(d.name.id), Some(obj));
            }
        }
        self.add_decl(obj, scope, DeclKind::Func(d));
        method
    }

    /// Declares a package-level object, and says under which number.
    fn declare_package_object(
        &mut self,
        name: &'a Ident,
        obj: ObjRef,
        scope: ScopeId,
        kind: DeclKind<'a>,
    ) -> Option<u32> {
        if self.is_reserved(name) {
            return None;
        }
        self.declare(None, Some(name), obj);
        Some(self.add_decl(obj, scope, kind))
    }

    fn declare_shared(&mut self, name: &'a Ident, obj: ObjRef, first: u32) {
        if self.is_reserved(name) {
            return;
        }
        self.declare(None, Some(name), obj);
        let decl = &self.decls[first as usize];
        let (scope, kind) = (decl.file_scope, decl.kind.clone());
        let number = self.add_decl(obj, scope, kind);
        self.decls[number as usize].deps_of = first;
    }

    fn add_decl(&mut self, obj: ObjRef, file_scope: ScopeId, kind: DeclKind<'a>) -> u32 {
        let number = self.decls.len() as u32;
        let version = self.env.version;
        self.decls.push(DeclInfo {
            obj,
            file_scope,
            version,
            kind,
            deps_of: number,
            deps: Default::default(),
        });
        self.decl_of.insert(obj, number);
        obj.set_order(number + 1);
        number
    }

    /// spec: "the identifier init can be declared only as a function", and so for main in package main.
    fn is_reserved(&mut self, name: &Ident) -> bool {
        if &*name.name == "init" {
            self.error(name.pos, Code::InvalidInitDecl, "cannot declare init - must be func");
            return true;
        }
        if &*name.name == "main" && self.pkg.name() == "main" {
            self.error(name.pos, Code::InvalidMainDecl, "cannot declare main - must be func");
            return true;
        }
        false
    }

    /// Puts an object into a scope, none being the package's, unless it is called `_`.
    pub(super) fn declare(&mut self, scope: Option<ScopeId>, id: Option<&Ident>, obj: ObjRef) {
        if obj.name != "_" {
            let other = match scope {
                Some(scope) => self.scopes.insert(scope, obj),
                None => {
                    let other = self.pkg.scope.insert(obj);
                    if other.is_none() {
                        self.pkg_names.insert(obj.name, obj);
                    }
                    other
                }
            };
            if let Some(other) = other {
                let mut fault = Fault::new(Code::DuplicateDecl);
                fault.add(obj.pos, format!("{} redeclared in this block", obj.name));
                self.other_declaration(&mut fault, other);
                self.report(fault);
                return;
            }
        }
        if let Some(id) = id {
            self.record_def(eid(id.id), Some(obj));
        }
    }

    /// Whether names and values of a const or var line match in number.
    pub(super) fn check_arity(
        &mut self,
        at: Pos,
        names: &[Ident],
        values: &[ast::Expr],
        is_const: bool,
        inherited: bool,
    ) {
        let (l, r) = (names.len(), values.len());
        let code = Code::WrongAssignCount;
        if l < r {
            let extra = &values[l];
            if inherited {
                let place = self.place(extra.pos);
                self.error(at, code, format!("extra init expr at {place}"));
            } else {
                let text = format!("extra init expr {}", self.es(extra));
                self.error(extra.start(), code, text);
            }
        } else if l > r && (is_const || r != 1) {
            let missing = &names[r];
            self.error(missing.pos, code, format!("missing init expr for {}", missing.name));
        }
    }

    /// Names in the package's and in a file's scope must differ.
    fn check_file_scopes(&mut self, scopes: &[ScopeId]) {
        for &scope in scopes {
            let names = self.scopes.get(scope).names.clone();
            for obj in names {
                let Some(&other) = self.pkg_names.get(obj.name) else { continue };
                let mut fault = Fault::new(Code::DuplicateDecl);
                if let ObjKind::PkgName { imported } = &obj.kind {
                    let text = format!(
                        "{} already declared through import of package {} ({:?})",
                        other.name,
                        imported.name(),
                        imported.path
                    );
                    fault.add(other.pos, text);
                    fault.other_declaration(obj.pos, obj.name);
                } else {
                    let from =
                        obj.pkg.map_or(String::new(), |p| format!("package {} ({:?})", p.name(), p.path));
                    fault.add(
                        other.pos,
                        format!("{} already declared through dot-import of {from}", other.name),
                    );
                    self.other_declaration(&mut fault, obj);
                }
                self.report(fault);
            }
        }
    }

    /// Mentions another declaration, if it is in this package: what others declare has no place here.
    fn other_declaration(&self, fault: &mut Fault, other: ObjRef) {
        if other.pkg == Some(self.pkg) {
            fault.other_declaration(other.pos, other.name);
        }
    }

    /// Follows aliases from a receiver's type name to the defined type it means, and says whether a pointer is on the
    /// way. Only types of this package count, and at most one pointer.
    fn base_type_name(&self, mut is_ptr: bool, name: &'a ast::Name) -> Option<(bool, ObjRef)> {
        let mut name = name;
        let mut seen = Vec::new();
        loop {
            let &obj = self.pkg_names.get(&**name)?;
            if !obj.is_type_name() || seen.contains(&obj) {
                return None;
            }
            let &number = self.decl_of.get(&obj)?;
            let DeclKind::Type(d) = self.decls[number as usize].kind else { return None };
            if !d.alias {
                return Some((is_ptr, obj));
            }
            if !d.tparams.is_empty() {
                return None;
            }
            seen.push(obj);
            let mut ty = d.ty.unparen();
            if let ExprKind::Star(inner) = &ty.kind {
                if is_ptr {
                    return None;
                }
                is_ptr = true;
                ty = inner.unparen();
            }
            name = ty.as_name()?;
        }
    }
}

/// Remembers the last line of a const group that had a type or values.
#[derive(Default)]
pub(super) struct ConstGroup<'a> {
    group: Option<u32>,
    last: Option<&'a ast::ConstDecl>,
}

impl<'a> ConstGroup<'a> {
    /// The line whose type and values count for `d`, and whether that is an earlier one.
    pub fn source(&mut self, d: &'a ast::ConstDecl) -> (Option<&'a ast::ConstDecl>, bool) {
        if d.group.is_none() || d.group != self.group {
            *self = ConstGroup { group: d.group, last: None };
        }
        if d.ty.is_some() || !d.values.is_empty() {
            self.last = Some(d);
            return (self.last, false);
        }
        (self.last, self.last.is_some())
    }
}

/// Takes a receiver's type apart: whether it is a pointer, the base type's expression, the type parameters.
pub(super) fn unpack_receiver(ty: &ast::Expr) -> (bool, &ast::Expr, Option<&[ast::Expr]>) {
    let mut base = ty.unparen();
    let mut is_ptr = false;
    if let ExprKind::Star(inner) = &base.kind {
        is_ptr = true;
        base = inner.unparen();
    }
    match &base.kind {
        ExprKind::Index(generic, params) => (is_ptr, generic, Some(params)),
        _ => (is_ptr, base, None),
    }
}

/// Why gc's importer would not even look for a path.
fn uncanonical(path: &str) -> Option<String> {
    if path.starts_with('/') {
        return Some("import path cannot be absolute path".to_owned());
    }
    let parts: Vec<&str> = path.split('/').collect();
    let clean: Vec<&str> = parts.iter().copied().filter(|p| !p.is_empty()).collect();
    let is_local = path.starts_with('.');
    (clean.len() != parts.len() && !is_local)
        .then(|| format!("non-canonical import path {path:?} (should be {:?})", clean.join("/")))
}

fn bad_import_path(path: &str) -> Option<String> {
    if path.is_empty() {
        return Some("empty string".to_owned());
    }
    // What go/parser and cmd/go forbid.
    const ILLEGAL: &str = "!\"#$%&'()*,:;<=>?[\\]^{|}`\u{FFFD}";
    let bad = |c: &char| c.is_control() || c.is_whitespace() || ILLEGAL.contains(*c);
    path.chars().find(bad).map(|c| match c.is_control() {
        true => format!("invalid character U+{:04X}", c as u32),
        false => format!("invalid character U+{:04X} '{c}'", c as u32),
    })
}

/// The tables' id of an expression.
pub(super) fn eid(id: ast::ExprId) -> types::ExprId {
    id
}

/// "1 type parameter"
pub(super) fn count(n: usize, unit: &str) -> String {
    measure(n, unit)
}
