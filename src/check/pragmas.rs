//! What gc finds when all types are right: directives out of place, and types too large to exist.

use super::Checker;
use super::codes::Code;
use super::version::GoVersion;
use crate::base::Pos;
use crate::syntax::ast::{self, Decl, Stmt, StmtKind};
use crate::types::{Kind, Ty};

/// No type may reach this size on a 64-bit machine.
const MAX_WIDTH: u64 = 1 << 50;
/// Nor an element of a channel this one.
const MAX_CHAN_ELEM: i64 = 1 << 16;

impl<'a> Checker<'a> {
    /// Array types larger than the address space, channels of large elements.
    pub(super) fn check_sizes(&mut self) {
        if self.options.raw_diagnostics || self.has_error {
            return;
        }
        for (at, ty) in std::mem::take(&mut self.sized_types) {
            match ty.kind() {
                Kind::Array(array) if !mentions_tparam(array.elem, 0) => {
                    let size = self.size_of(array.elem);
                    if size > 0 && array.len() as u64 > (MAX_WIDTH - 1) / size as u64 {
                        let text = format!("type {} larger than address space", self.ts(ty));
                        self.error(self.declared_with(at), Code::TypeTooLarge, text);
                    }
                }
                Kind::Chan(chan) if !mentions_tparam(chan.elem, 0) => {
                    if self.size_of(chan.elem) >= MAX_CHAN_ELEM {
                        self.error(
                            self.declared_with(at),
                            Code::TypeTooLarge,
                            "channel element type too large (>64kB)",
                        );
                    }
                }
                _ => {}
            }
        }
    }

    /// The place of the variable or type that is declared with the type written at `at`: gc looks at sizes by then.
    fn declared_with(&self, at: Pos) -> Pos {
        let decls = self.files.iter().filter(|file| file.file == at.file).flat_map(|file| &file.decls);
        let mut names = decls.filter_map(|decl| match decl {
            Decl::Var(var) if var.ty.as_ref().is_some_and(|ty| ty.pos == at) => Some(var.names[0].pos),
            Decl::Type(d) if d.ty.pos == at => Some(d.name.pos),
            _ => None,
        });
        names.next().unwrap_or(at)
    }

    /// Directives that name nothing, or stand where they have no meaning.
    pub(super) fn check_pragmas(&mut self) {
        if self.options.raw_diagnostics || self.options.standard {
            return;
        }
        let files = self.files;
        for func in files.iter().flat_map(|file| &file.decls).filter_map(|decl| match decl {
            Decl::Func(func) => Some(func),
            _ => None,
        }) {
            self.check_privileges(func);
        }
        if self.has_error {
            return;
        }
        for file in files {
            self.check_linknames(file);
            let embeds = file.imports().any(|import| &*import.path == "embed");
            for decl in &file.decls {
                match decl {
                    Decl::Func(func) => {
                        self.check_func_pragmas(func);
                        if let Some(body) = &func.body {
                            self.check_local_embeds(&body.stmts, embeds);
                        }
                    }
                    Decl::Var(var) => self.check_embed(var, embeds, false),
                    _ => {}
                }
            }
        }
    }

    fn check_linknames(&mut self, file: &'a ast::File) {
        let imports_unsafe = file.imports().any(|import| &*import.path == "unsafe");
        let mut seen: Vec<&str> = Vec::new();
        for d in file.directives.iter().filter(|d| d.name == "go:linkname") {
            let words: Vec<&str> = d.args.split_whitespace().collect();
            if !imports_unsafe {
                let text = "//go:linkname only allowed in Go files that import \"unsafe\"";
                self.error(after_slashes(d), Code::BadDecl, text);
                continue;
            }
            if !(1..=2).contains(&words.len()) {
                self.error(after_slashes(d), Code::BadDecl, "usage: //go:linkname localname [linkname]");
                continue;
            }
            let declared = self.pkg_names.get(words[0]).is_some_and(|obj| obj.is_func() || obj.is_var());
            // Older code may name what is not there: some of it is widely used.
            let strict = self.go_version.is_none_or(|v| v >= GoVersion { major: 1, minor: 18 });
            if !declared && strict {
                let text = "//go:linkname must refer to declared function or variable";
                self.error(after_slashes(d), Code::BadDecl, text);
            } else if declared && words.len() == 2 {
                if seen.contains(&words[0]) {
                    let text = format!("duplicate //go:linkname for {}", words[0]);
                    self.error(after_slashes(d), Code::BadDecl, text);
                }
                seen.push(words[0]);
            }
        }
    }

    /// gc's parser sees to these already.
    fn check_privileges(&mut self, func: &'a ast::FuncDecl) {
        const PRIVILEGED: &[&str] =
            &["go:systemstack", "go:nowritebarrier", "go:nowritebarrierrec", "go:yeswritebarrierrec"];
        for d in func.directives.iter().filter(|d| PRIVILEGED.contains(&d.name.as_str())) {
            self.error(after_slashes(d), Code::BadDecl, format!("//{} only allowed in runtime", d.name));
        }
    }

    fn check_func_pragmas(&mut self, func: &'a ast::FuncDecl) {
        if func.body.is_some() && func.directives.iter().any(|d| d.name == "go:noescape") {
            let text = "can only use //go:noescape with external func implementations";
            self.error(func.name.pos, Code::BadDecl, text);
        }
    }

    fn check_local_embeds(&mut self, stmts: &'a [Stmt], embeds: bool) {
        for stmt in stmts {
            match &stmt.kind {
                StmtKind::Block(block) => self.check_local_embeds(&block.stmts, embeds),
                StmtKind::Decl(decls) => {
                    for decl in decls {
                        if let Decl::Var(var) = decl {
                            self.check_embed(var, embeds, true);
                        }
                    }
                }
                _ => {}
            }
        }
    }

    fn check_embed(&mut self, var: &'a ast::VarDecl, embeds: bool, in_func: bool) {
        let Some(d) = var.directives.iter().find(|d| d.name == "go:embed") else { return };
        let version = self.go_version.filter(|v| *v < GoVersion { major: 1, minor: 16 });
        let text = if !embeds {
            "go:embed requires import \"embed\" (or import _ \"embed\", if package is not used)".to_owned()
        } else if var.names.len() > 1 {
            "go:embed cannot apply to multiple vars".to_owned()
        } else if !var.values.is_empty() {
            "go:embed cannot apply to var with initializer".to_owned()
        } else if var.ty.is_none() {
            "go:embed cannot apply to var without type".to_owned()
        } else if in_func {
            "go:embed cannot apply to var inside func".to_owned()
        } else if let Some(version) = version {
            format!("go:embed requires go1.16 or later (-lang was set to {version}; check go.mod)")
        } else {
            return;
        };
        self.error(after_slashes(d), Code::BadDecl, text);
    }
}

/// gc's place of a directive.
fn after_slashes(d: &ast::Directive) -> Pos {
    Pos { offset: d.pos.offset + 2, ..d.pos }
}

/// Whether a type's size depends on a type parameter. Deep types are taken to do so: nobody asks for their size.
fn mentions_tparam(ty: Ty, depth: u32) -> bool {
    if depth > 30 {
        return true;
    }
    let inner = |ty: Ty| mentions_tparam(ty, depth + 1);
    match ty.unalias().kind() {
        Kind::TypeParam(_) => true,
        Kind::Named(named) => {
            named.targs().iter().any(|&t| inner(t))
                || !named.tparams().is_empty()
                || !named.enclosing_tparams().is_empty()
        }
        Kind::Array(array) => inner(array.elem),
        Kind::Struct(s) => s.fields.iter().any(|f| inner(f.typ())),
        _ => false,
    }
}
