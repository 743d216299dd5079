//! `printf`: formats against the arguments they print.

use std::collections::HashMap;

use super::args::{self, ANY, BOOL, BYTE, COMPLEX, ERROR, FLOAT, INT, POINTER, RUNE, STRING};
use super::format::{self, Directive};
use super::{Finding, Pass};
use crate::base::Pos;
use crate::syntax::ast::{CallExpr, Decl, Expr, ExprKind, FuncDecl, UnaryOp, walk};
use crate::syntax::print;
use crate::types::{Checked, Const, Kind, ObjRef, Ty, type_string};

/// How a function prints its last arguments.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Printer {
    Plain,
    Format,
    /// As `fmt.Errorf`: `%w` is allowed.
    Error,
}

/// Functions of the library, by full name.
const FUNCTIONS: &[(&str, &[&str])] = &[
    (
        "fmt.",
        &["Append", "Appendf", "Appendln", "Errorf", "Fprint", "Fprintf", "Fprintln", "Print", "Printf"],
    ),
    ("fmt.", &["Println", "Sprint", "Sprintf", "Sprintln"]),
    ("runtime/trace.", &["Logf"]),
    ("log.", LOG),
    ("(*log.Logger).", LOG),
    ("(*testing.common).", TEST),
    ("(testing.TB).", TEST),
];
const LOG: &[&str] =
    &["Fatal", "Fatalf", "Fatalln", "Panic", "Panicf", "Panicln", "Print", "Printf", "Println"];
const TEST: &[&str] = &["Error", "Errorf", "Fatal", "Fatalf", "Log", "Logf", "Skip", "Skipf"];

const NUMBER_FLAGS: &str = " -+.0";
const SHARP_FLAGS: &str = " -+.0#";

/// Verbs, the flags they take, what they print.
const VERBS: &[(char, &str, u16)] = &[
    ('b', SHARP_FLAGS, INT | FLOAT | COMPLEX | POINTER),
    ('c', "-", RUNE | INT),
    ('d', NUMBER_FLAGS, INT | POINTER),
    ('e', SHARP_FLAGS, FLOAT | COMPLEX),
    ('E', SHARP_FLAGS, FLOAT | COMPLEX),
    ('f', SHARP_FLAGS, FLOAT | COMPLEX),
    ('F', SHARP_FLAGS, FLOAT | COMPLEX),
    ('g', SHARP_FLAGS, FLOAT | COMPLEX),
    ('G', SHARP_FLAGS, FLOAT | COMPLEX),
    ('o', SHARP_FLAGS, INT | POINTER),
    ('O', SHARP_FLAGS, INT | POINTER),
    ('p', "-#", POINTER),
    ('q', SHARP_FLAGS, RUNE | INT | STRING),
    ('s', NUMBER_FLAGS, STRING),
    ('t', "-", BOOL),
    ('T', "-", ANY),
    ('U', "-#", RUNE | INT),
    ('v', SHARP_FLAGS, ANY),
    ('w', SHARP_FLAGS, ERROR),
    ('x', SHARP_FLAGS, RUNE | INT | STRING | POINTER | FLOAT | COMPLEX),
    ('X', SHARP_FLAGS, RUNE | INT | STRING | POINTER | FLOAT | COMPLEX),
];

/// From here on a format that is no constant is told.
const CONSTANT_FORMATS: (u32, u32) = (1, 24);
/// From here on `%q` of an integer is told, unless it is a character.
const QUOTED_CHARACTERS: (u32, u32) = (1, 26);

/// Checks every call of a printing function.
pub(super) fn printf(pass: &mut Pass<'_>) {
    let checked = pass.checked;
    let mut cx = Cx { checked, wrappers: HashMap::new(), version: (0, 0), method: None, found: Vec::new() };
    cx.find_wrappers();
    for (n, file) in checked.files.iter().enumerate() {
        cx.version = checked.info.file_versions.get(n).copied().unwrap_or((1, 27));
        for decl in &file.decls {
            cx.method = match decl {
                Decl::Func(func) => Some(func),
                _ => None,
            };
            walk::exprs_of_decl(decl, &mut |x| {
                if let ExprKind::Call(call) = &x.kind {
                    cx.call(x, call);
                }
            });
        }
    }
    pass.found.append(&mut cx.found);
}

struct Cx<'a> {
    checked: &'a Checked,
    /// Functions of the package that hand on their arguments.
    wrappers: HashMap<ObjRef, Printer>,
    version: (u32, u32),
    /// The function around the call.
    method: Option<&'a FuncDecl>,
    found: Vec<Finding>,
}

impl<'a> Cx<'a> {
    fn report(&mut self, pos: Pos, text: String) {
        self.found.push(Finding { pos, text });
    }

    fn type_of(&self, x: &Expr) -> Option<Ty> {
        Some(self.checked.info.types.get(x.id)?.ty)
    }

    fn string_of(&self, x: &Expr) -> Option<String> {
        match self.checked.info.value_of(x.id)? {
            Const::Str(bytes) => Some(String::from_utf8_lossy(bytes).into_owned()),
            _ => None,
        }
    }

    /// The function or method that is called by name.
    fn callee(&self, fun: &Expr) -> Option<ObjRef> {
        let info = &self.checked.info;
        let obj = match &fun.kind {
            ExprKind::Paren(x) => return self.callee(x),
            ExprKind::Index(x, _) => return self.callee(x),
            ExprKind::Name(_) => *info.uses.get(fun.id)?,
            ExprKind::Selector(_, sel) => match info.selections.get(fun.id) {
                Some(selection) => selection.obj,
                None => *info.uses.get(sel.id)?,
            },
            _ => return None,
        };
        obj.is_func().then(|| obj.origin())
    }

    fn printer(&self, obj: ObjRef) -> Option<Printer> {
        let name = full_name(obj);
        let is_known = FUNCTIONS
            .iter()
            .any(|(owner, names)| name.strip_prefix(owner).is_some_and(|n| names.contains(&n)));
        if !is_known {
            return self.wrappers.get(&obj).copied();
        }
        Some(match () {
            () if name == "fmt.Errorf" => Printer::Error,
            () if name.ends_with('f') => Printer::Format,
            () => Printer::Plain,
        })
    }

    /// Functions `(…, format string, args ...any)` that call a printing one with just these; and wrappers of wrappers.
    fn find_wrappers(&mut self) {
        let funcs = self.checked.files.iter().flat_map(|file| &file.decls).filter_map(|decl| match decl {
            Decl::Func(func) => Some(&**func),
            _ => None,
        });
        let funcs: Vec<&FuncDecl> = funcs.collect();
        loop {
            let before = self.wrappers.len();
            for func in &funcs {
                let Some(Some(obj)) = self.checked.info.defs.get(func.name.id).copied() else { continue };
                if self.printer(obj).is_none()
                    && let Some(printer) = self.wraps(func, obj)
                {
                    self.wrappers.insert(obj, printer);
                }
            }
            if self.wrappers.len() == before {
                return;
            }
        }
    }

    fn wraps(&self, func: &FuncDecl, obj: ObjRef) -> Option<Printer> {
        let sig = obj.typ().as_signature().filter(|sig| sig.variadic)?;
        let last = sig.params.last()?;
        if !is_any(last.typ().as_slice()?) {
            return None;
        }
        let format = sig.params.len().checked_sub(2).map(|n| sig.params[n]);
        let format = format.filter(|p| p.typ().basic_kind() == Some(crate::types::BasicKind::String));
        let is = |x: &Expr, obj: ObjRef| {
            matches!(x.kind, ExprKind::Name(_)) && self.checked.info.uses.get(x.id) == Some(&obj)
        };
        let mut found = None;
        walk::exprs_of_block(func.body.as_ref()?, &mut |x| {
            let ExprKind::Call(call) = &x.kind else { return };
            let [.., args] = &call.args[..] else { return };
            if !call.has_dots || !is(args, *last) {
                return;
            }
            let Some(printer) = self.callee(&call.fun).and_then(|callee| self.printer(callee)) else {
                return;
            };
            let hands_format = || {
                let x = call.args.len().checked_sub(2).map(|n| &call.args[n]);
                matches!((x, format), (Some(x), Some(format)) if is(x, format))
            };
            if printer == Printer::Plain || hands_format() {
                found.get_or_insert(printer);
            }
        });
        found
    }

    fn call(&mut self, x: &'a Expr, call: &'a CallExpr) {
        let Some(callee) = self.callee(&call.fun) else { return };
        let name = full_name(callee);
        match self.printer(callee) {
            Some(Printer::Plain) => self.plain(x, call, &name),
            Some(printer) => self.formatted(x, call, &name, printer),
            None => {}
        }
    }

    fn formatted(&mut self, x: &'a Expr, call: &'a CallExpr, name: &str, printer: Printer) {
        let sig = self.type_of(&call.fun).and_then(Ty::as_signature).filter(|sig| sig.variadic);
        let Some(index) = sig.and_then(|sig| sig.params.len().checked_sub(2)) else { return };
        let Some(format_arg) = call.args.get(index) else { return };
        let Some(format) = self.string_of(format_arg) else {
            if index + 1 == call.args.len() && self.version >= CONSTANT_FORMATS {
                self.report(format_arg.start(), format!("non-constant format string in call to {name}"));
            }
            return;
        };
        let first = index + 1;
        if !format.contains('%') {
            if let Some(arg) = call.args.get(first) {
                let text = format!("{name} call has arguments but no formatting directives");
                self.report(arg.start(), text);
            }
            return;
        }
        let directives = match format::parse(&format, first) {
            Ok(directives) => directives,
            Err(words) => return self.report(format_arg.start(), format!("{name} {words}")),
        };
        // One past the last argument that is printed.
        let mut n_used = first;
        let is_indexed = directives.iter().any(|d| d.is_indexed);
        for directive in &directives {
            let pos = place_of(format_arg, directive.start);
            if directive.verb == 'w' && printer != Printer::Error {
                let text = format!("{name} does not support error-wrapping directive %w");
                return self.report(pos, text);
            }
            match self.directive(call, first, name, directive) {
                Ok(()) => {}
                Err(Some(text)) => return self.report(pos, text),
                Err(None) => return,
            }
            let arg = (directive.verb != '%').then_some(directive.arg);
            n_used = directive.stars.iter().copied().chain(arg).fold(n_used, |n, arg| n.max(arg + 1));
        }
        if is_indexed || call.has_dots && n_used + 1 >= call.args.len() {
            return;
        }
        if n_used < call.args.len() {
            let (wants, has) = (count(n_used - first), count(call.args.len() - first));
            self.report(x.start(), format!("{name} call needs {wants} but has {has}"));
        }
    }

    /// Whether the directive fits; an error without words: nothing can be said of it or what follows.
    fn directive(
        &self,
        call: &'a CallExpr,
        first: usize,
        name: &str,
        directive: &Directive,
    ) -> Result<(), Option<String>> {
        let Directive { text, flags, verb, arg, stars, .. } = directive;
        let known = VERBS.iter().find(|(v, ..)| v == verb);
        let ty_of = |n: usize| call.args.get(n).and_then(|arg| self.type_of(arg));
        let formats_itself = *verb != 'w' && ty_of(*arg).is_some_and(args::is_formatter);
        if !formats_itself && *verb != '%' {
            let Some((_, allowed, _)) = known else {
                return Err(Some(format!("{name} format {text} has unknown verb {verb}")));
            };
            if let Some(flag) = flags.chars().find(|f| *f != '0' && !allowed.contains(*f)) {
                return Err(Some(format!("{name} format {text} has unrecognized flag {flag}")));
            }
        }
        for &star in stars {
            self.is_there(call, star, first, name, text)?;
            if ty_of(star).is_some_and(|ty| !args::fits(INT, ty)) {
                let arg = print::expr(&call.args[star]);
                return Err(Some(format!("{name} format {text} uses non-int {arg} as argument of *")));
            }
        }
        if *verb == '%' || formats_itself {
            return Ok(());
        }
        self.is_there(call, *arg, first, name, text)?;
        let (x, shown) = (&call.args[*arg], print::expr(&call.args[*arg]));
        let Some(ty) = self.type_of(x) else { return Ok(()) };
        if is_function(ty) && !matches!(verb, 'p' | 'T') {
            return Err(Some(format!("{name} format {text} arg {shown} is a func value, not called")));
        }
        let mut kinds = known.map_or(ANY, |(.., kinds)| *kinds);
        if *verb == 'q' && self.version >= QUOTED_CHARACTERS {
            kinds = RUNE | BYTE | STRING;
        }
        if !args::fits(kinds, ty) {
            let ty = type_string(ty, &|pkg| Some(pkg.path.to_owned()));
            return Err(Some(format!("{name} format {text} has arg {shown} of wrong type {ty}")));
        }
        let calls_methods =
            kinds & STRING != 0 && *verb != 'T' && (!flags.contains('#') || "qxX".contains(*verb));
        match self.recursive(x).filter(|_| calls_methods) {
            Some(method) => Err(Some(format!(
                "{name} format {text} with arg {shown} causes recursive {method} method call"
            ))),
            None => Ok(()),
        }
    }

    fn is_there(
        &self,
        call: &CallExpr,
        arg: usize,
        first: usize,
        name: &str,
        text: &str,
    ) -> Result<(), Option<String>> {
        let n = call.args.len();
        match () {
            () if arg + 1 < n => Ok(()),
            () if call.has_dots => Err(None),
            () if arg < n => Ok(()),
            () => {
                let (reads, has) = (arg - first + 1, count(n - first));
                Err(Some(format!("{name} format {text} reads arg #{reads}, but call has {has}")))
            }
        }
    }

    /// The method `String` or `Error` around `x` that printing `x` would call again.
    fn recursive(&self, x: &Expr) -> Option<String> {
        let func = self.method.filter(|f| matches!(&*f.name.name, "String" | "Error"))?;
        let recv = func.recv.as_ref()?.name.as_ref()?;
        if !func.sig.params.is_empty() || func.sig.results.len() != 1 {
            return None;
        }
        let x = match &x.kind {
            ExprKind::Unary(UnaryOp::Addr, x) => x,
            _ => x,
        };
        let recv = self.checked.info.defs.get(recv.id).copied()??;
        let is_receiver =
            matches!(x.kind, ExprKind::Name(_)) && self.checked.info.uses.get(x.id) == Some(&recv);
        let obj = self.checked.info.defs.get(func.name.id).copied()??;
        is_receiver.then(|| full_name(obj))
    }

    fn plain(&mut self, x: &'a Expr, call: &'a CallExpr, name: &str) {
        let sig = self.type_of(&call.fun).and_then(Ty::as_signature).filter(|sig| sig.variadic);
        let Some((sig, last)) = sig.and_then(|sig| Some((sig, sig.params.last()?))) else { return };
        if !last.typ().as_slice().is_some_and(is_any) {
            return;
        }
        let first = sig.params.len() - 1;
        let Some([arg, ..]) = call.args.get(first..) else { return };
        let args = &call.args[first..];
        if first == 0
            && let ExprKind::Selector(os, sel) = &arg.kind
            && matches!(&os.kind, ExprKind::Name(name) if **name == *"os")
            && sel.name.starts_with("Std")
        {
            let shown = print::expr(arg);
            self.report(x.start(), format!("{name} does not take io.Writer but has first arg {shown}"));
        }
        if let Some(text) = self.string_of(arg)
            && let Some(found) = format::looks_like_directive(text.strip_suffix('%').unwrap_or(&text))
        {
            self.report(x.start(), format!("{name} call has possible Printf formatting directive {found}"));
        }
        let ends_line = |text: String| text.ends_with('\n');
        if name.ends_with("ln") && args.last().and_then(|arg| self.string_of(arg)).is_some_and(ends_line) {
            self.report(x.start(), format!("{name} arg list ends with redundant newline"));
        }
        for arg in args {
            let shown = print::expr(arg);
            if self.type_of(arg).is_some_and(is_function) {
                self.report(x.start(), format!("{name} arg {shown} is a func value, not called"));
            }
            if let Some(method) = self.recursive(arg) {
                self.report(
                    x.start(),
                    format!("{name} arg {shown} causes recursive call to {method} method"),
                );
            }
        }
    }
}

/// A defined type may have a method `String`.
fn is_function(ty: Ty) -> bool {
    ty.unalias().as_named().is_none() && matches!(ty.unalias().kind(), Kind::Signature(_))
}

fn is_any(ty: Ty) -> bool {
    let ty = ty.unalias();
    ty.as_named().is_none() && crate::types::identical(ty.underlying(), Ty::EMPTY_INTERFACE)
}

/// `1 arg`, `2 args`
fn count(n: usize) -> String {
    if n == 1 { "1 arg".to_owned() } else { format!("{n} args") }
}

/// The place of a directive in the literal that is the format, else of the format.
fn place_of(format_arg: &Expr, start: usize) -> Pos {
    let pos = format_arg.start();
    match &format_arg.kind {
        ExprKind::Lit(lit) => {
            let offset = format::offset_in_literal(&lit.text, start).unwrap_or(0);
            Pos::new(pos.file, pos.offset + offset as u32)
        }
        _ => pos,
    }
}

/// `fmt.Printf`, `(*log.Logger).Printf`, `(testing.TB).Log`
pub(super) fn full_name(obj: ObjRef) -> String {
    let path = obj.pkg.map_or("", |pkg| pkg.path);
    let recv = obj.typ().as_signature().and_then(|sig| sig.recv);
    match recv {
        Some(recv) => {
            let ty = type_string(recv.typ(), &|pkg| Some(pkg.path.to_owned()));
            format!("({ty}).{}", obj.name)
        }
        None => format!("{path}.{}", obj.name),
    }
}
