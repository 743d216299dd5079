//! Type-checks one package against its imports' interfaces, and records what every expression is.
//!
//! ```text
//! files ──resolve──▶ objects ──decl──▶ types, methods ──stmt, expr──▶ Info ──init_order, unused──▶ Checked
//! ```
//!
//! # The idea
//! Package-level names are collected first. A declaration is checked when it is first needed; while it is being
//! checked its object is on a path, so that a cycle shows as an object found on the path again. Function bodies, and
//! everything that needs complete types, wait in a queue until the declarations are done.
//!
//! # What holds
//! - Broken Go still gives a package and an `Info`; what is wrong has the invalid type, about which nobody complains a
//!   second time.
//! - Diagnostics come out sorted by place, each once.
//! - Untyped expressions have their final type when checking is over.
//!
//! # What is not here
//! Limiting the number of errors, and printing (`cli`).

mod assign;
mod basics;
mod builtins;
mod call;
mod codes;
mod constants;
mod conversion;
mod cycles;
mod decl;
mod expr;
mod index;
mod infer;
mod init_order;
mod instantiate;
mod labels;
mod literal;
mod message;
mod operand;
mod operation;
mod pragmas;
mod predicates;
mod record;
mod resolve;
mod returns;
mod scopes;
mod selector;
mod signature;
mod sizes;
mod stmt;

mod switch;
mod typexpr;
mod unify;
mod union;
mod untyped;
mod unused;
mod version;
mod words;

use std::collections::{BTreeSet, HashSet};
use std::rc::Rc;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::base::{Diagnostics, FileId, Pos, Sources};
use crate::syntax::ast;
use crate::target::Sizes;
use crate::types::{self, Checked, Const, ExprId, Info, ObjRef, PkgRef, Signature, Ty};

pub use record::{PLACE_BEGINS, PLACE_ENDS, TOO_MANY_ERRORS, with_parser_messages};
pub use version::GoVersion;

/// What a package is checked from.
pub struct CheckUnit<'a> {
    /// Its import path.
    pub path: &'a str,
    /// In the order of their [`FileId`]s.
    pub files: Vec<ast::File>,
    pub sources: Sources,
    /// Finds an imported package by the path written in the import declaration; the error says why there is none.
    pub importer: &'a dyn Fn(&str) -> Result<PkgRef, String>,
    /// The language of the go line; none: the newest.
    pub go_version: Option<GoVersion>,
    pub sizes: Sizes,
    pub options: Options,
}

/// How to check.
#[derive(Clone, Copy, Default)]
pub struct Options {
    /// Declarations only: bodies, and thus unused imports, are not looked at.
    pub ignore_func_bodies: bool,
    /// Functions may lack bodies: the package has assembly files, or its bodies come from elsewhere.
    pub allows_missing_bodies: bool,
    /// A package of the standard library: directives that others may not use are fine.
    pub standard: bool,
    /// `import "C"` gives an empty package whose names are not complained about.
    pub fake_import_c: bool,
    /// Predeclare `assert` and `trace`, as go/types does for its own tests.
    pub test_builtins: bool,
    /// Leave diagnostics in the order they were found, in go/types' own words, with nothing appended.
    pub raw_diagnostics: bool,
}

/// Checks a package.
pub fn check(unit: CheckUnit<'_>) -> Checked {
    let CheckUnit { path, files, sources, importer, go_version, sizes, options } = unit;
    let pkg = PkgRef::new(path, "");
    let mut cx = Checker::new(pkg, &files, &sources, importer, go_version, sizes, options);
    let files_in_use = cx.name_package();
    cx.collect_objects(&files_in_use);
    cx.find_direct_cycles();
    cx.check_declarations();
    cx.run_delayed(0);
    cx.order_initialisation();
    cx.report_unused_imports();
    cx.record_untyped();
    if !cx.has_error {
        cx.check_instance_cycles();
        cx.check_pragmas();
        cx.report_missing_bodies();
        cx.check_sizes();
    }
    if !cx.has_error && !options.raw_diagnostics {
        cx.check_interface_cycles();
    }
    let (info, diags) = cx.finish();
    pkg.set_complete();
    Checked { package: pkg, info, files, sources, diags }
}

/// Where in the program checking is.
#[derive(Clone, Default)]
struct Env {
    /// The package-level declaration whose dependencies are being noted.
    decl: Option<u32>,
    scope: Option<scopes::ScopeId>,
    version: Option<GoVersion>,
    iota: Option<Const>,
    /// Where errors in an inherited constant expression are placed.
    errpos: Option<Pos>,
    in_tparam_list: bool,
    /// The function whose body is being checked.
    sig: Option<&'static Signature>,
    /// Calls of the predeclared panic in that body, for missing returns.
    panics: Rc<FxHashSet<ExprId>>,
    has_label: bool,
    /// Inside an interface type.
    in_interface: bool,
    has_call_or_recv: bool,
}

type Action<'a> = Box<dyn FnOnce(&mut Checker<'a>) + 'a>;

/// Something to do later, under the language version it was put off in.
struct Delayed<'a> {
    version: Option<GoVersion>,
    action: Option<Action<'a>>,
}

/// A package-level declaration.
struct DeclInfo<'a> {
    obj: ObjRef,
    file_scope: scopes::ScopeId,
    version: Option<GoVersion>,
    kind: DeclKind<'a>,
    /// The declaration that keeps the dependencies: the first of variables that share an initialiser.
    deps_of: u32,
    /// Objects of the package that the declaration mentions, by number.
    deps: FxHashSet<u32>,
}

#[derive(Clone)]
enum DeclKind<'a> {
    Const {
        ty: Option<&'a ast::Expr>,
        init: Option<&'a ast::Expr>,
        inherited: bool,
    },
    /// `lhs`: all variables of `a, b = f()`.
    Var {
        lhs: Option<Rc<[ObjRef]>>,
        ty: Option<&'a ast::Expr>,
        init: Option<&'a ast::Expr>,
    },
    Type(&'a ast::TypeDecl),
    Func(&'a ast::FuncDecl),
}

struct Checker<'a> {
    pkg: PkgRef,
    files: &'a [ast::File],
    sources: &'a Sources,
    importer: &'a dyn Fn(&str) -> Result<PkgRef, String>,
    go_version: Option<GoVersion>,
    sizes: Sizes,
    options: Options,

    info: Info,
    diags: Diagnostics,
    has_error: bool,

    env: Env,
    scopes: scopes::Scopes,
    /// The package's scope, once more, for speed.
    pkg_names: FxHashMap<&'static str, ObjRef>,
    test_names: FxHashMap<&'static str, ObjRef>,
    /// Package-level objects and methods, in source order, with what declares them.
    decls: Vec<DeclInfo<'a>>,
    decl_of: FxHashMap<ObjRef, u32>,
    /// Methods whose receiver base type is known but not checked yet.
    methods: FxHashMap<ObjRef, Vec<ObjRef>>,
    /// The objects being declared right now.
    path: Vec<ObjRef>,
    /// The function whose type is about to be read.
    declaring: Option<ObjRef>,
    delayed: Vec<Delayed<'a>>,
    pending: FxHashMap<ExprId, untyped::Pending<'a>>,

    imported: Vec<PkgRef>,
    /// Package names of the import declarations, in source order.
    import_names: Vec<ObjRef>,
    fake_packages: HashSet<PkgRef>,
    fake_by_path: FxHashMap<String, PkgRef>,
    /// Which import declaration put a name into a file's scope by `import .`.
    dot_imports: FxHashMap<(scopes::ScopeId, &'static str), ObjRef>,
    ambiguous_names: BTreeSet<&'static str>,
    knows_ambiguous_names: bool,
    func_scopes: FxHashMap<Ty, scopes::ScopeId>,
    n_local_types: u32,
    /// Type parameters of the functions whose bodies are being checked, outermost first.
    enclosing_tparams: Vec<Ty>,
    mono: cycles::MonoGraph,
    var_sizes: FxHashMap<Ty, bool>,
    /// Where functions without a body are declared that should have one.
    missing_bodies: Vec<Pos>,
    /// Arrays and channels as written, whose sizes have a limit.
    sized_types: Vec<(Pos, Ty)>,
    /// Where an instance of a type was first written.
    instance_pos: FxHashMap<Ty, Pos>,
    /// Interface types that do not stand inside others.
    interfaces: Vec<(Pos, Ty)>,
}

impl<'a> Checker<'a> {
    fn new(
        pkg: PkgRef,
        files: &'a [ast::File],
        sources: &'a Sources,
        importer: &'a dyn Fn(&str) -> Result<PkgRef, String>,
        go_version: Option<GoVersion>,
        sizes: Sizes,
        options: Options,
    ) -> Checker<'a> {
        let mut test_names = FxHashMap::default();
        if options.test_builtins {
            for id in [types::BuiltinId::Assert, types::BuiltinId::Trace] {
                let obj = ObjRef::builtin(id.facts().name, None, id);
                test_names.insert(obj.name, obj);
            }
        }
        Checker {
            pkg,
            files,
            sources,
            importer,
            go_version,
            sizes,
            options,
            info: Info::default(),
            diags: Diagnostics::default(),
            has_error: false,
            env: Env::default(),
            scopes: scopes::Scopes::default(),
            pkg_names: FxHashMap::default(),
            test_names,
            decls: Vec::new(),
            decl_of: FxHashMap::default(),
            methods: FxHashMap::default(),
            path: Vec::new(),
            declaring: None,
            delayed: Vec::new(),
            pending: FxHashMap::default(),
            imported: Vec::new(),
            import_names: Vec::new(),
            fake_packages: HashSet::new(),
            fake_by_path: FxHashMap::default(),
            dot_imports: FxHashMap::default(),
            ambiguous_names: BTreeSet::new(),
            knows_ambiguous_names: false,
            func_scopes: FxHashMap::default(),
            n_local_types: 0,
            enclosing_tparams: Vec::new(),
            mono: cycles::MonoGraph::default(),
            var_sizes: FxHashMap::default(),
            missing_bodies: Vec::new(),
            sized_types: Vec::new(),
            instance_pos: FxHashMap::default(),
            interfaces: Vec::new(),
        }
    }

    /// Puts something off until the declarations (or the statement) at hand are done.
    fn later(&mut self, action: impl FnOnce(&mut Checker<'a>) + 'a) {
        self.delayed.push(Delayed { version: self.env.version, action: Some(Box::new(action)) });
    }

    /// Does what was put off since there were `from` things to do, and what that puts off in turn.
    fn run_delayed(&mut self, from: usize) {
        if self.delayed.len() == from {
            return;
        }
        let version = self.env.version;
        let mut i = from;
        while i < self.delayed.len() {
            self.env.version = self.delayed[i].version;
            let action = self.delayed[i].action.take().expect("each action is run once");
            action(self);
            i += 1;
        }
        self.delayed.truncate(from);
        self.env.version = version;
    }

    /// Gives the package its name and says which files bear it; the others are ignored, with an error.
    fn name_package(&mut self) -> Vec<usize> {
        let mut used = Vec::new();
        let files = self.files;
        for (i, file) in files.iter().enumerate() {
            let name = &*file.package.name;
            if self.pkg.name().is_empty() {
                if name == "_" {
                    self.error(file.package.pos, codes::Code::BlankPkgName, "invalid package name _");
                } else {
                    self.pkg.set_name(name);
                }
                used.push(i);
            } else if self.pkg.name() == name {
                used.push(i);
            } else {
                let text = format!("package {name}; expected package {}", self.pkg.name());
                self.error(Pos::new(FileId(i as u32), 0), codes::Code::MismatchedPkgName, text);
            }
        }
        if let (Some(v), Some(_)) = (self.go_version, used.first())
            && v > version::CURRENT
        {
            let text = format!(
                "package requires newer Go version {v} (application built with {})",
                version::CURRENT
            );
            self.error(Pos::new(FileId(0), 0), codes::Code::TooNew, text);
        }
        used
    }

    /// gc looks for missing bodies when everything else is right.
    fn report_missing_bodies(&mut self) {
        if self.options.raw_diagnostics {
            return;
        }
        for at in std::mem::take(&mut self.missing_bodies) {
            self.error(at, codes::Code::BadDecl, "missing function body");
        }
    }

    /// The language of a file.
    fn file_version(&mut self, file: &ast::File) -> Option<GoVersion> {
        let own = file.go_version.map(|(major, minor)| GoVersion { major, minor });
        if let Some(own) = own
            && own > version::CURRENT
        {
            let text = format!("file requires newer Go version {own}");
            self.error(file.package.pos, codes::Code::TooNew, text);
        }
        version::of_file(self.go_version, own)
    }
}
