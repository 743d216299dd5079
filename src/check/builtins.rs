//! Calls of built-in functions, those of package unsafe included.
//!
//! # To add a built-in
//! 1. Give it an id and its facts in `types::universe`. 2. Add its arm to [`Checker::builtin_call`].

use super::Checker;
use super::call::CallSite;
use super::codes::Code;
use super::expr::Excluded;
use super::operand::Operand;
use crate::base::Pos;
use crate::syntax::ast::{self, ExprKind};
use crate::types::constant::{Const, Op};
use crate::types::universe::BuiltinId;
use crate::types::{
    BasicKind, Interface, Kind, Mode, ObjRef, SelectionKind, Signature, Term, Ty, TypeParam, VarKind,
};

impl<'a> Checker<'a> {
    /// Checks a call of the built-in `id`; none if it is wrong, which has been reported then.
    pub(super) fn builtin(&mut self, call: &CallSite<'a>, id: BuiltinId) -> Option<Operand<'a>> {
        let facts = id.facts();
        if call.dots && id != BuiltinId::Append {
            let text = format!("invalid operation: invalid use of ... with built-in {}", facts.name);
            self.error(self.dots_pos(call), Code::InvalidDotDotDot, text);
            self.use_all(call.args);
            return None;
        }
        // len and cap ask whether their operand contains calls or receives, so that must be counted afresh.
        let before = self.env.has_call_or_recv;
        let counts = matches!(id, BuiltinId::Len | BuiltinId::Cap);
        if counts {
            self.env.has_call_or_recv = false;
        }
        let result = self.builtin_with_args(call, id);
        if counts {
            self.env.has_call_or_recv = before;
        }
        result
    }

    fn builtin_with_args(&mut self, call: &CallSite<'a>, id: BuiltinId) -> Option<Operand<'a>> {
        let facts = id.facts();
        let special = matches!(id, BuiltinId::Make | BuiltinId::New | BuiltinId::Offsetof | BuiltinId::Trace);
        let mut args = Vec::new();
        let mut n_args = call.args.len();
        if !special {
            args = self.expr_list(call.args);
            n_args = args.len();
            if args.iter().any(|a| !a.is_valid()) {
                return None;
            }
        }
        let problem = if n_args < facts.n_args {
            "not enough"
        } else if !facts.variadic && n_args > facts.n_args {
            "too many"
        } else {
            ""
        };
        if !problem.is_empty() {
            let text = format!(
                "invalid operation: {problem} arguments for {} (expected {}, found {n_args})",
                self.es(call.expr),
                facts.n_args
            );
            self.error(self.in_call_pos(call), Code::WrongArgCount, text);
            return None;
        }
        self.builtin_call(call, id, args)
    }

    #[expect(clippy::too_many_lines, reason = "one arm per built-in")]
    fn builtin_call(
        &mut self,
        call: &CallSite<'a>,
        id: BuiltinId,
        mut args: Vec<Operand<'a>>,
    ) -> Option<Operand<'a>> {
        let mut x = args.first().cloned().unwrap_or_default();
        match id {
            BuiltinId::Append => return self.append(call, x, args),
            BuiltinId::Cap | BuiltinId::Len => return self.len_or_cap(call, id, x),
            BuiltinId::Clear => {
                self.verify_version(call.fun.start(), 21, |_| "clear".to_owned());
                for (_, under) in self.type_set_of(x.ty) {
                    if !under.is_some_and(|u| u.as_map().is_some() || u.as_slice().is_some()) {
                        let text = format!(
                            "invalid argument: cannot clear {}: argument must be (or constrained by) map or slice",
                            self.show(&x)
                        );
                        self.error(x.at(), Code::InvalidClear, text);
                        return None;
                    }
                }
                x.mode = Mode::NoValue;
                self.record_builtin(id, call.fun, None, &[x.ty]);
            }
            BuiltinId::Close => {
                for (_, under) in self.type_set_of(x.ty) {
                    let what = match under.and_then(Ty::as_chan) {
                        None => "non-channel",
                        Some(chan) if chan.dir == crate::types::ChanDir::Recv => "receive-only channel",
                        Some(_) => continue,
                    };
                    let text = format!("invalid operation: cannot close {what} {}", self.show(&x));
                    self.error(x.at(), Code::InvalidClose, text);
                    return None;
                }
                x.mode = Mode::NoValue;
                self.record_builtin(id, call.fun, None, &[x.ty]);
            }
            BuiltinId::Complex => return self.complex(call, x, args.swap_remove(1)),
            BuiltinId::Copy => return self.copy(call, x, args.swap_remove(1)),
            BuiltinId::Delete => {
                let map = x.ty;
                let mut key: Option<Ty> = None;
                for (_, under) in self.type_set_of(map) {
                    let text = match under.and_then(Ty::as_map) {
                        None => format!("invalid argument: {} is not a map", self.show(&x)),
                        Some(m) if key.is_some_and(|k| !self.identical(k, m.key)) => {
                            format!(
                                "invalid argument: maps of {} must have identical key types",
                                self.show(&x)
                            )
                        }
                        Some(m) => {
                            key = Some(m.key);
                            continue;
                        }
                    };
                    self.error(x.at(), Code::InvalidDelete, text);
                    return None;
                }
                let key = key?;
                x = args.swap_remove(1);
                self.assignment(&mut x, Some(key), "argument to delete");
                if !x.is_valid() {
                    return None;
                }
                x.mode = Mode::NoValue;
                self.record_builtin(id, call.fun, None, &[map, key]);
            }
            BuiltinId::Imag | BuiltinId::Real => return self.real_or_imag(call, id, x),
            BuiltinId::Make => return self.make(call),
            BuiltinId::Max | BuiltinId::Min => return self.max_or_min(call, id, x, args),
            BuiltinId::New => return self.new_call(call),
            BuiltinId::Panic => {
                if self.env.sig.is_some_and(|sig| !sig.results.is_empty()) {
                    self.panics().insert(call.expr.id);
                }
                self.assignment(&mut x, Some(Ty::EMPTY_INTERFACE), "argument to panic");
                if !x.is_valid() {
                    return None;
                }
                x.mode = Mode::NoValue;
                self.record_builtin(id, call.fun, None, &[Ty::EMPTY_INTERFACE]);
            }
            BuiltinId::Print | BuiltinId::Println => {
                let context = format!("argument to built-in {}", id.facts().name);
                let mut params = Vec::new();
                for a in &mut args {
                    self.assignment(a, None, &context);
                    if !a.is_valid() {
                        return None;
                    }
                    params.push(a.ty);
                }
                x.mode = Mode::NoValue;
                self.record_builtin(id, call.fun, None, &params);
            }
            BuiltinId::Recover => {
                x.mode = Mode::Value;
                x.ty = Ty::EMPTY_INTERFACE;
                self.record_builtin(id, call.fun, Some(x.ty), &[]);
            }
            BuiltinId::Add => {
                self.verify_version(call.fun.start(), 17, |_| "unsafe.Add".to_owned());
                self.assignment(&mut x, Some(Ty::UNSAFE_POINTER), "argument to unsafe.Add");
                let y = &mut args[1];
                if !x.is_valid() || !self.valid_index(y, Code::InvalidUnsafeAdd, "length", true) {
                    return None;
                }
                x.mode = Mode::Value;
                x.ty = Ty::UNSAFE_POINTER;
                self.record_builtin(id, call.fun, Some(x.ty), &[x.ty, args[1].ty]);
            }
            BuiltinId::Alignof | BuiltinId::Sizeof => {
                let is_size = id == BuiltinId::Sizeof;
                self.assignment(
                    &mut x,
                    None,
                    if is_size { "argument to unsafe.Sizeof" } else { "argument to unsafe.Alignof" },
                );
                if !x.is_valid() {
                    return None;
                }
                if self.has_var_size(x.ty) {
                    x.mode = Mode::Value;
                    self.record_builtin(id, call.fun, Some(Ty::UINTPTR), &[x.ty]);
                } else {
                    let n = if is_size { self.size_of(x.ty) } else { self.align_of(x.ty) };
                    if n < 0 {
                        let text = format!("{} is too large", self.show(&x));
                        self.error(x.at(), Code::TypeTooLarge, text);
                        return None;
                    }
                    x.mode = Mode::Constant;
                    x.val = Some(Const::Int(n));
                }
                x.ty = Ty::UINTPTR;
            }
            BuiltinId::Offsetof => return self.offsetof(call),
            BuiltinId::Slice => {
                self.verify_version(call.fun.start(), 17, |_| "unsafe.Slice".to_owned());
                let Some(base) = self.common_under(x.ty).and_then(Ty::as_pointer) else {
                    let text = format!("invalid argument: {} is not a pointer", self.show(&x));
                    self.error(x.at(), Code::InvalidUnsafeSlice, text);
                    return None;
                };
                if !self.valid_index(&mut args[1], Code::InvalidUnsafeSlice, "length", false) {
                    return None;
                }
                x.mode = Mode::Value;
                x.ty = Ty::slice(base);
                self.record_builtin(id, call.fun, Some(x.ty), &[Ty::pointer(base), args[1].ty]);
            }
            BuiltinId::SliceData => {
                self.verify_version(call.fun.start(), 20, |_| "unsafe.SliceData".to_owned());
                let Some(elem) = self.common_under(x.ty).and_then(Ty::as_slice) else {
                    let text = format!("invalid argument: {} is not a slice", self.show(&x));
                    self.error(x.at(), Code::InvalidUnsafeSliceData, text);
                    return None;
                };
                x.mode = Mode::Value;
                x.ty = Ty::pointer(elem);
                self.record_builtin(id, call.fun, Some(x.ty), &[Ty::slice(elem)]);
            }
            BuiltinId::String => {
                self.verify_version(call.fun.start(), 20, |_| "unsafe.String".to_owned());
                let bytes = Ty::pointer(Ty::BYTE);
                self.assignment(&mut x, Some(bytes), "argument to unsafe.String");
                let y = &mut args[1];
                if !x.is_valid() || !self.valid_index(y, Code::InvalidUnsafeString, "length", false) {
                    return None;
                }
                x.mode = Mode::Value;
                x.ty = Ty::STRING;
                self.record_builtin(id, call.fun, Some(x.ty), &[bytes, args[1].ty]);
            }
            BuiltinId::StringData => {
                self.verify_version(call.fun.start(), 20, |_| "unsafe.StringData".to_owned());
                self.assignment(&mut x, Some(Ty::STRING), "argument to unsafe.StringData");
                if !x.is_valid() {
                    return None;
                }
                x.mode = Mode::Value;
                x.ty = Ty::pointer(Ty::BYTE);
                self.record_builtin(id, call.fun, Some(x.ty), &[Ty::STRING]);
            }
            BuiltinId::Assert => {
                let val = x.val.clone();
                if !x.is_const() || !self.is_boolean(x.ty) {
                    let text = format!("invalid argument: {} is not a boolean constant", self.show(&x));
                    self.error(x.at(), Code::Test, text);
                    return None;
                }
                match val {
                    Some(Const::Bool(true)) => (),
                    Some(Const::Bool(false)) => {
                        let text = format!("{} failed", self.es(call.expr));
                        self.error(call.expr.start(), Code::Test, text);
                    }
                    _ => {
                        let text = format!(
                            "internal error: value of {} should be a boolean constant",
                            self.show(&x)
                        );
                        self.error(x.at(), Code::Test, text);
                        return None;
                    }
                }
            }
            BuiltinId::Trace => {
                let Some((first, rest)) = call.args.split_first() else {
                    x.mode = Mode::NoValue;
                    return Some(x);
                };
                x = self.raw_expr(None, first, None, false).0;
                for arg in rest {
                    self.raw_expr(None, arg, None, false);
                }
                if !x.is_valid() {
                    return None;
                }
            }
        }
        Some(x)
    }

    fn append(
        &mut self,
        call: &CallSite<'a>,
        mut x: Operand<'a>,
        mut args: Vec<Operand<'a>>,
    ) -> Option<Operand<'a>> {
        let id = BuiltinId::Append;
        // spec: "The variadic function append appends zero or more values x to a slice s of type S and returns the
        // resulting slice, also of type S."
        let elem = match self.slice_elem(&x) {
            Ok(elem) => elem,
            Err(cause) => {
                self.error(x.at(), Code::InvalidAppend, format!("invalid append: {cause}"));
                return None;
            }
        };
        let mut is_string = false;
        if args.len() == 2 && call.dots && self.assignable(&x, Ty::slice(Ty::BYTE), None).is_ok() {
            is_string = self.is_byte_string(args[1].ty, true);
        }
        let last = if is_string { args[1].ty } else { Ty::slice(elem) };
        let sig = self.make_signature(Some(x.ty), &[x.ty, last], true);
        if !is_string {
            self.arguments(call, sig, Vec::new(), &[], &mut args, &[]);
        }
        self.record_builtin_signature(id, call.fun, sig);
        x.mode = Mode::Value;
        x.val = None;
        Some(x)
    }

    /// Whether all types of the type set are strings or byte slices; a string must be among them if so asked.
    fn is_byte_string(&mut self, ty: Ty, needs_string: bool) -> bool {
        let mut has_string = false;
        for (_, under) in self.type_set_of(ty) {
            let Some(under) = under else { return false };
            if under.as_slice().is_some_and(|elem| self.identical(elem, Ty::BYTE)) {
                continue;
            }
            if !self.is_string(under) {
                return false;
            }
            has_string = true;
        }
        has_string || !needs_string
    }

    /// The element type of the slice `x`, or why it is none.
    fn slice_elem(&mut self, x: &Operand<'a>) -> Result<Ty, String> {
        let mut elem: Option<Ty> = None;
        for (_, under) in self.type_set_of(x.ty) {
            let Some(this) = under.and_then(Ty::as_slice) else {
                let what = if x.is_nil() { "untyped nil".to_owned() } else { self.show(x) };
                return Err(format!("argument must be a slice; have {what}"));
            };
            match elem {
                None => elem = Some(this),
                Some(first) if !self.identical(first, this) => {
                    return Err(format!(
                        "mismatched slice element types {} and {} in {}",
                        self.ts(first),
                        self.ts(this),
                        self.show(x)
                    ));
                }
                Some(_) => (),
            }
        }
        Ok(elem.unwrap_or(Ty::INVALID))
    }

    fn len_or_cap(&mut self, call: &CallSite<'a>, id: BuiltinId, mut x: Operand<'a>) -> Option<Operand<'a>> {
        let is_len = id == BuiltinId::Len;
        let mut mode = Mode::Invalid;
        let mut val = None;
        match array_pointer_deref(x.ty.underlying()).kind() {
            Kind::Basic(basic) if basic.kind.is_string() && is_len => {
                mode = Mode::Value;
                if let (true, Some(Const::Str(s))) = (x.is_const(), &x.val) {
                    mode = Mode::Constant;
                    val = Some(Const::Int(s.len() as i64));
                }
            }
            Kind::Array(array) => {
                mode = Mode::Value;
                // spec: "The expressions len(s) and cap(s) are constants if the type of s is an array or pointer to
                // an array and the expression s does not contain channel receives or (non-constant) function calls;
                // in this case s is not evaluated."
                if !self.env.has_call_or_recv {
                    mode = Mode::Constant;
                    val = Some(if array.len() >= 0 { Const::Int(array.len()) } else { Const::Unknown });
                }
            }
            Kind::Slice(_) | Kind::Chan(_) => mode = Mode::Value,
            Kind::Map(_) if is_len => mode = Mode::Value,
            Kind::Interface(_) if self.is_tparam(x.ty) => {
                let all = self.type_set_of(x.ty).into_iter().all(|(_, under)| {
                    under.is_some_and(|u| match array_pointer_deref(u).kind() {
                        Kind::Basic(basic) => basic.kind.is_string() && is_len,
                        Kind::Array(_) | Kind::Slice(_) | Kind::Chan(_) => true,
                        Kind::Map(_) => is_len,
                        _ => false,
                    })
                });
                if all {
                    mode = Mode::Value;
                }
            }
            _ => (),
        }
        if mode == Mode::Invalid {
            if x.ty.underlying().is_valid() {
                let text = format!("invalid argument: {} for built-in {}", self.show(&x), id.facts().name);
                self.error(x.at(), if is_len { Code::InvalidLen } else { Code::InvalidCap }, text);
            }
            return None;
        }
        if mode != Mode::Constant {
            self.record_builtin(id, call.fun, Some(Ty::INT), &[x.ty]);
        }
        x.mode = mode;
        x.ty = Ty::INT;
        x.val = val;
        Some(x)
    }

    fn complex(
        &mut self,
        call: &CallSite<'a>,
        mut x: Operand<'a>,
        mut y: Operand<'a>,
    ) -> Option<Operand<'a>> {
        let id = BuiltinId::Complex;
        match (self.is_untyped(x.ty), self.is_untyped(y.ty)) {
            (false, false) => (),
            (true, false) => self.convert_untyped(&mut x, y.ty),
            (false, true) => self.convert_untyped(&mut y, x.ty),
            (true, true) if x.is_const() && y.is_const() => {
                for operand in [&mut x, &mut y] {
                    let val = operand.val.as_ref().expect("a constant has a value");
                    if self.is_numeric(operand.ty) && val.imag().sign() == 0 {
                        operand.ty = Ty::UNTYPED_FLOAT;
                    }
                }
            }
            // One of them hides a shift that has no type yet; giving it one reports the error.
            (true, true) => {
                self.convert_untyped(&mut x, Ty::FLOAT64);
                self.convert_untyped(&mut y, Ty::FLOAT64);
            }
        }
        if !x.is_valid() || !y.is_valid() {
            return None;
        }
        if !self.identical(x.ty, y.ty) {
            let text = format!(
                "invalid operation: {} (mismatched types {} and {})",
                self.es(call.expr),
                self.ts(x.ty),
                self.ts(y.ty)
            );
            self.error(x.at(), Code::InvalidComplex, text);
            return None;
        }
        let result = self.map_type(&x, BuiltinId::Complex, Code::InvalidComplex, |kind| match kind {
            BasicKind::Float32 => Some(Ty::COMPLEX64),
            BasicKind::Float64 => Some(Ty::COMPLEX128),
            BasicKind::UntypedFloat => Some(Ty::UNTYPED_COMPLEX),
            _ => None,
        });
        let Some(result) = result else {
            let text =
                format!("invalid argument: arguments have type {}, expected floating-point", self.ts(x.ty));
            self.error(x.at(), Code::InvalidComplex, text);
            return None;
        };
        match (x.is_const() && y.is_const(), &x.val, &y.val) {
            (true, Some(re), Some(im)) => x.val = Some(Const::complex(re.to_float(), im.to_float())),
            _ => {
                x.mode = Mode::Value;
                x.val = None;
                self.record_builtin(id, call.fun, Some(result), &[x.ty, x.ty]);
            }
        }
        x.ty = result;
        Some(x)
    }

    fn real_or_imag(
        &mut self,
        call: &CallSite<'a>,
        id: BuiltinId,
        mut x: Operand<'a>,
    ) -> Option<Operand<'a>> {
        let is_real = id == BuiltinId::Real;
        let code = if is_real { Code::InvalidReal } else { Code::InvalidImag };
        if self.is_untyped(x.ty) {
            if !x.is_const() {
                self.convert_untyped(&mut x, Ty::COMPLEX128);
                if !x.is_valid() {
                    return None;
                }
            } else if self.is_numeric(x.ty) {
                x.ty = Ty::UNTYPED_COMPLEX;
            }
        }
        let result = self.map_type(&x, id, code, |kind| match kind {
            BasicKind::Complex64 => Some(Ty::FLOAT32),
            BasicKind::Complex128 => Some(Ty::FLOAT64),
            BasicKind::UntypedComplex => Some(Ty::UNTYPED_FLOAT),
            _ => None,
        });
        let Some(result) = result else {
            let text =
                format!("invalid argument: argument has type {}, expected complex type", self.ts(x.ty));
            self.error(x.at(), code, text);
            return None;
        };
        match (x.is_const(), &x.val) {
            (true, Some(val)) => x.val = Some(if is_real { val.real() } else { val.imag() }),
            _ => {
                x.mode = Mode::Value;
                self.record_builtin(id, call.fun, Some(result), &[x.ty]);
            }
        }
        x.ty = result;
        Some(x)
    }

    /// Maps the operand's basic type; a type parameter becomes a new one over the mapped types of its type set.
    fn map_type(
        &mut self,
        x: &Operand<'a>,
        id: BuiltinId,
        code: Code,
        map: impl Fn(BasicKind) -> Option<Ty>,
    ) -> Option<Ty> {
        let Some(tparam) = x.ty.as_type_param() else { return map(x.ty.basic_kind()?) };
        let terms = self.terms_of(x.ty);
        let mut mapped = Vec::new();
        for term in &terms {
            mapped.push(Term { tilde: term.tilde, ty: map(term.ty.basic_kind()?)? });
        }
        if mapped.is_empty() {
            return None;
        }
        let text = format!(
            "{} not supported as argument to built-in {} for go1.18 (see go.dev/issue/50937)",
            self.show(x),
            id.facts().name
        );
        self.soft_error(x.at(), code, text);
        let name = ObjRef::type_name(Pos::NONE, Some(self.pkg), tparam.obj.name, None);
        let ty = TypeParam::new(name, tparam.index());
        let bound = Interface::make(Vec::new(), vec![Ty::union(mapped)]);
        ty.as_type_param().expect("just made").set_bound(bound);
        Some(ty)
    }

    fn copy(&mut self, call: &CallSite<'a>, mut x: Operand<'a>, y: Operand<'a>) -> Option<Operand<'a>> {
        let id = BuiltinId::Copy;
        let to = match self.slice_elem(&x) {
            Ok(elem) => elem,
            Err(cause) => {
                self.error(x.at(), Code::InvalidCopy, format!("invalid copy: {cause}"));
                return None;
            }
        };
        let is_string =
            self.assignable(&x, Ty::slice(Ty::BYTE), None).is_ok() && self.is_byte_string(y.ty, false);
        if !is_string {
            let from = match self.slice_elem(&y) {
                Ok(elem) => elem,
                Err(_) if self.all_string(y.ty) => Ty::BYTE,
                Err(cause) => {
                    self.error(y.at(), Code::InvalidCopy, format!("invalid copy: {cause}"));
                    return None;
                }
            };
            if !self.identical(to, from) {
                let text = format!(
                    "invalid copy: arguments {} and {} have different element types {} and {}",
                    self.show(&x),
                    self.show(&y),
                    self.ts(to),
                    self.ts(from)
                );
                self.error(x.at(), Code::InvalidCopy, text);
                return None;
            }
        }
        self.record_builtin(id, call.fun, Some(Ty::INT), &[x.ty, y.ty]);
        x.mode = Mode::Value;
        x.val = None;
        x.ty = Ty::INT;
        Some(x)
    }

    fn make(&mut self, call: &CallSite<'a>) -> Option<Operand<'a>> {
        let id = BuiltinId::Make;
        let first = &call.args[0];
        let ty = self.var_type(first);
        if !ty.is_valid() {
            return None;
        }
        let under = self.common_under_where(ty, |_, _, under| match under {
            None => Some("no specific type".to_owned()),
            Some(u) if u.as_slice().is_some() || u.as_map().is_some() || u.as_chan().is_some() => None,
            Some(_) => Some("type must be slice, map, or channel".to_owned()),
        });
        let under = match under {
            Ok(under) => under,
            Err(cause) => {
                let text = format!("invalid argument: cannot make {}: {cause}", self.es(first));
                self.error(first.start(), Code::InvalidMake, text);
                return None;
            }
        };
        let least = if under.as_slice().is_some() { 2 } else { 1 };
        let n = call.args.len();
        if n < least || n > least + 1 {
            let text = format!(
                "invalid operation: {} expects {least} or {} arguments; found {n}",
                self.es(call.expr),
                least + 1
            );
            self.error(call.expr.start(), Code::WrongArgCount, text);
            return None;
        }
        let mut types = vec![ty];
        let mut sizes = Vec::new();
        for arg in &call.args[1..] {
            let (ty, size) = self.index_value(arg, -1);
            types.push(ty);
            sizes.extend((size >= 0).then_some(size));
        }
        if let [len, cap] = sizes[..]
            && len > cap
        {
            let at = call.args[1].start();
            self.error(at, Code::SwappedMakeArgs, "invalid argument: length and capacity swapped");
        }
        self.record_builtin(id, call.fun, Some(ty), &types);
        Some(Operand { mode: Mode::Value, ty, ..Operand::default() })
    }

    fn max_or_min(
        &mut self,
        call: &CallSite<'a>,
        id: BuiltinId,
        mut x: Operand<'a>,
        mut args: Vec<Operand<'a>>,
    ) -> Option<Operand<'a>> {
        let name = id.facts().name;
        self.verify_version(call.fun.start(), 21, |_| format!("built-in {name}"));
        let op = if id == BuiltinId::Max { Op::Gt } else { Op::Lt };
        for (i, a) in args.iter_mut().enumerate() {
            if !self.all_ordered(a.ty) {
                let text = format!("invalid argument: {} cannot be ordered", self.show(a));
                self.error(a.at(), Code::InvalidMinMaxOperand, text);
                return None;
            }
            if i == 0 {
                continue;
            }
            self.match_types(&mut x, a);
            if !x.is_valid() {
                return None;
            }
            if !self.identical(x.ty, a.ty) {
                let text = format!(
                    "invalid argument: mismatched types {} (previous argument) and {} (type of {})",
                    self.ts(x.ty),
                    self.ts(a.ty),
                    a.text()
                );
                self.error(a.at(), Code::MismatchedTypes, text);
                return None;
            }
            match (x.is_const() && a.is_const(), &x.val, &a.val) {
                (true, Some(xv), Some(av)) => {
                    if Const::compare(av, op, xv) {
                        x = a.clone();
                    }
                }
                _ => {
                    x.mode = Mode::Value;
                    x.val = None;
                }
            }
        }
        if !x.is_const() {
            x.mode = Mode::Value;
            // A value must not stay untyped.
            self.assignment(&mut x, Some(Ty::EMPTY_INTERFACE), &format!("argument to built-in {name}"));
            if !x.is_valid() {
                return None;
            }
        }
        for a in &args {
            self.update_type_of(a, x.ty, true);
        }
        if !x.is_const() {
            self.record_builtin(id, call.fun, Some(x.ty), &vec![x.ty; args.len()]);
        }
        Some(x)
    }

    fn new_call(&mut self, call: &CallSite<'a>) -> Option<Operand<'a>> {
        let id = BuiltinId::New;
        let arg = &call.args[0];
        let mut x = self.expr_or_type(arg, false);
        self.exclude(&mut x, Excluded { no_value: true, builtin: true, type_expr: false });
        match x.mode {
            Mode::Invalid => return None,
            Mode::TypeExpr => self.valid_var_type(arg, x.ty),
            _ => {
                if self.is_untyped(x.ty) {
                    self.assignment(&mut x, None, "argument to new");
                    if !x.is_valid() {
                        return None;
                    }
                }
                self.verify_version(call.fun.start(), 26, |cx| format!("new({})", cx.es(arg)));
            }
        }
        let ty = x.ty;
        x.mode = Mode::Value;
        x.val = None;
        x.ty = Ty::pointer(ty);
        self.record_builtin(id, call.fun, Some(x.ty), &[ty]);
        Some(x)
    }

    fn offsetof(&mut self, call: &CallSite<'a>) -> Option<Operand<'a>> {
        let id = BuiltinId::Offsetof;
        let arg = &call.args[0];
        let selector = arg.unparen();
        let ExprKind::Selector(inner, sel) = &selector.kind else {
            let text = format!("invalid argument: {} is not a selector expression", self.es(arg));
            self.error(arg.start(), Code::BadOffsetofSyntax, text);
            self.use_expr(arg);
            return None;
        };
        let mut x = self.expr(None, inner);
        if !x.is_valid() {
            return None;
        }
        let base = self.deref_struct_pointer(x.ty);
        let found = self.lookup_field_or_method(base, false, &sel.name, false);
        let Some(obj) = found.obj else {
            let text = format!("invalid argument: {} has no single field {}", self.ts(base), sel.name);
            self.error(x.at(), Code::MissingFieldOrMethod, text);
            return None;
        };
        if obj.is_func() {
            let text = format!("invalid argument: {} is a method value", self.es(arg));
            self.error(arg.start(), Code::InvalidOffsetof, text);
            return None;
        }
        if found.indirect {
            let text = format!(
                "invalid argument: field {} is embedded via a pointer in {}",
                sel.name,
                self.ts(base)
            );
            self.error(x.at(), Code::InvalidOffsetof, text);
            return None;
        }
        self.record_selection(selector, sel, SelectionKind::Field, base, obj, &found.index, false);
        let mode = if x.mode == Mode::Variable { Mode::Variable } else { Mode::Value };
        self.record_type(selector, mode, obj.typ(), None);
        if self.has_var_size(base) {
            x.mode = Mode::Value;
            self.record_builtin(id, call.fun, Some(Ty::UINTPTR), &[obj.typ()]);
        } else {
            let offset = self.offset_of(base, &found.index);
            if offset < 0 {
                let text = format!("{} is too large", self.show(&x));
                self.error(x.at(), Code::TypeTooLarge, text);
                return None;
            }
            x.mode = Mode::Constant;
            x.val = Some(Const::Int(offset));
        }
        x.ty = Ty::UINTPTR;
        Some(x)
    }

    /// Records what a built-in was called as.
    fn record_builtin(&mut self, id: BuiltinId, fun: &'a ast::Expr, result: Option<Ty>, params: &[Ty]) {
        let sig = self.make_signature(result, params, false);
        self.record_builtin_signature(id, fun, sig);
    }

    fn record_builtin_signature(&mut self, id: BuiltinId, mut fun: &'a ast::Expr, sig: Ty) {
        loop {
            self.record_type(fun, Mode::Builtin(id), sig, None);
            match &fun.kind {
                ExprKind::Paren(inner) => fun = inner,
                _ => return,
            }
        }
    }

    fn make_signature(&mut self, result: Option<Ty>, params: &[Ty], variadic: bool) -> Ty {
        let var = |kind, ty| ObjRef::var(kind, Pos::NONE, None, "", Some(ty));
        let params = params.iter().map(|&ty| var(VarKind::Param, self.default_type(ty))).collect();
        let results = result.into_iter().map(|ty| var(VarKind::Result, ty)).collect();
        Ty::signature(Signature { params, results, variadic, ..Signature::default() })
    }
}

/// The array behind a pointer to one; any other type itself.
pub(super) fn array_pointer_deref(ty: Ty) -> Ty {
    match ty.unalias().as_pointer() {
        Some(base) if base.underlying().as_array().is_some() => base.underlying(),
        _ => ty,
    }
}
