//! Assignability and conversions: when a value of one type may become one of another.

use super::Checker;
use super::codes::Code;
use super::operand::Operand;
use crate::types::{BasicKind, ChanDir, Const, Kind, Mode, Ty};

impl<'a> Checker<'a> {
    /// Whether `x` may be assigned to a variable of type `target`; `cause` is filled where there is more to say.
    pub(super) fn assignable(
        &mut self,
        x: &Operand<'a>,
        target: Ty,
        mut cause: Option<&mut String>,
    ) -> Result<(), Code> {
        const NO: Code = Code::IncompatibleAssign;
        if !x.is_valid() || !target.is_valid() {
            return Ok(());
        }
        let (v, t) = (x.ty.unalias(), target.unalias());
        if self.identical(v, t) {
            return Ok(());
        }
        let (vu, tu) = (v.underlying(), t.underlying());
        let (v_param, t_param) = (v.as_type_param().is_some(), t.as_type_param().is_some());

        if self.is_untyped(vu) {
            if t_param {
                let terms = self.terms_of(t);
                let fits = !terms.is_empty()
                    && terms.iter().all(|term| self.implicit_type_and_value(x, term.ty).is_ok());
                return if fits { Ok(()) } else { Err(NO) };
            }
            return self.implicit_type_and_value(x, t).map(|_| ()).map_err(|_| NO);
        }
        // spec: "V and T have identical underlying types and are not type parameters and at least one of V or T is
        // not a named type."
        let (v_named, t_named) = (has_name(v), has_name(t));
        if !(v_named && t_named) && !v_param && !t_param && self.identical(vu, tu) {
            return Ok(());
        }
        // spec: "T is an interface type, but not a type parameter, and x implements T." Pointers to interfaces come
        // along for the sake of the explanation.
        if tu.as_interface().is_some() && !t_param || self.is_interface_pointer(tu) {
            if self.implements(v, t, false, cause.as_deref_mut()) {
                return Ok(());
            }
            if !v_param {
                return Err(Code::InvalidIfaceAssign);
            }
            if let Some(cause) = cause.as_deref_mut() {
                cause.clear();
            }
        }
        if vu.as_interface().is_some() && !v_param && self.implements(t, v, false, None) {
            if let Some(cause) = cause {
                *cause = "need type assertion".to_owned();
            }
            return Err(NO);
        }
        // spec: "V and T are channel types with identical element types, V is a bidirectional channel, and at least
        // one of V or T is not a named type."
        if let (Some(vc), Some(tc)) = (vu.as_chan(), tu.as_chan())
            && vc.dir == ChanDir::Both
            && self.identical(vc.elem, tc.elem)
        {
            return if v_named && t_named { Err(Code::InvalidChanAssign) } else { Ok(()) };
        }
        if !v_param && !t_param {
            return Err(NO);
        }
        if !v_named && t_param {
            for term in self.terms_of(t) {
                if let Err(code) = self.assignable(x, term.ty, cause.as_deref_mut()) {
                    let text = |cx: &mut Self| {
                        format!("cannot assign {} to {} (in {})", cx.ts(x.ty), cx.ts(term.ty), cx.ts(t))
                    };
                    self.prepend(cause, text);
                    return Err(code);
                }
            }
            return if self.terms_of(t).is_empty() { Err(NO) } else { Ok(()) };
        }
        if v_param && !t_named {
            let mut x = x.clone();
            for term in self.terms_of(v) {
                x.ty = term.ty;
                if let Err(code) = self.assignable(&x, target, cause.as_deref_mut()) {
                    let text = |cx: &mut Self| {
                        format!("cannot assign {} (in {}) to {}", cx.ts(term.ty), cx.ts(v), cx.ts(target))
                    };
                    self.prepend(cause, text);
                    return Err(code);
                }
            }
            return if self.terms_of(v).is_empty() { Err(NO) } else { Ok(()) };
        }
        Err(NO)
    }

    /// Puts a line before an explanation.
    fn prepend(&mut self, cause: Option<&mut String>, text: impl FnOnce(&mut Self) -> String) {
        let Some(cause) = cause else { return };
        let mut text = text(self);
        if !cause.is_empty() {
            text.push_str("\n\t");
            text.push_str(cause);
        }
        *cause = text;
    }

    /// Checks the conversion `target(x)`; the result is left in `x`.
    pub(super) fn conversion(&mut self, x: &mut Operand<'a>, target: Ty) {
        let const_arg = x.is_const();
        let mut cause = String::new();
        let ok;
        if const_arg && self.is_const_type(target) {
            let converted = self.const_converted(x, target);
            ok = converted.is_some();
            if converted.is_some() {
                x.val = converted;
            } else if self.is_integer(x.ty) && self.is_integer(target) {
                let val = x.val.as_ref().map_or(String::new(), |v| v.to_string());
                let text = format!("constant {val} overflows {}", self.ts(target));
                self.error(x.at(), Code::InvalidConversion, text);
                x.invalidate();
                return;
            }
        } else if const_arg && self.is_tparam(target) {
            ok = self.const_converts_to_all(x, target, &mut cause);
            x.mode = Mode::Value;
        } else {
            ok = self.convertible(x, target, &mut cause);
            if ok {
                x.mode = Mode::Value;
            }
        }
        if !ok {
            let mut text = format!("cannot convert {} to type {}", self.show(x), self.ts(target));
            if !cause.is_empty() {
                text.push_str(": ");
                text.push_str(&cause);
            }
            self.error(x.at(), Code::InvalidConversion, text);
            x.invalidate();
            return;
        }
        if self.is_untyped(x.ty) {
            let mut last = target;
            if x.ty == Ty::UNTYPED_NIL {
                // nil takes the target's type as it is.
            } else if self.is_plain_interface(target) || const_arg && !self.is_const_type(target) {
                // `[]byte("x")`: the operand is a string, not a []byte.
                last = self.default_type(x.ty);
            } else if x.is_const() && self.is_integer(x.ty) && self.all_string(target) {
                last = x.ty;
            }
            self.update_type_of(x, last, true);
        }
        if !x.is_const() {
            x.val = None;
        }
        x.ty = target;
    }

    /// The constant `x` as a constant of type `target`.
    fn const_converted(&mut self, x: &Operand<'a>, target: Ty) -> Option<Const> {
        let under = target.underlying();
        under.as_basic()?;
        let val = x.val.as_ref().expect("a constant has a value");
        if let Some(val) = self.rounded(val, under) {
            return Some(val);
        }
        if self.is_integer(x.ty) && self.is_string(under) {
            let rune = val.as_u64().and_then(|v| u32::try_from(v).ok()).and_then(char::from_u32);
            return Some(Const::string(rune.unwrap_or(char::REPLACEMENT_CHARACTER).to_string()));
        }
        None
    }

    fn const_converts_to_all(&mut self, x: &Operand<'a>, target: Ty, cause: &mut String) -> bool {
        for (_, under) in self.type_set_of(target) {
            let Some(under) = under else {
                *cause = format!("{} does not contain specific types", self.ts(target));
                return false;
            };
            if self.is_string(x.ty) && is_bytes_or_runes(under) {
                continue;
            }
            if self.const_converted(x, under).is_none() {
                *cause = if self.is_integer(x.ty) && self.is_integer(under) {
                    let val = x.val.as_ref().map_or(String::new(), |v| v.to_string());
                    format!("constant {val} overflows {} (in {})", self.ts(under), self.ts(target))
                } else {
                    format!(
                        "cannot convert {} to type {} (in {})",
                        self.show(x),
                        self.ts(under),
                        self.ts(target)
                    )
                };
                return false;
            }
        }
        true
    }

    /// Whether the non-constant `x` may be converted to `target`.
    fn convertible(&mut self, x: &Operand<'a>, target: Ty, cause: &mut String) -> bool {
        if self.assignable(x, target, Some(cause)).is_ok() {
            return true;
        }
        let (v, t) = (x.ty.unalias(), target.unalias());
        let (vu, tu) = (v.underlying(), t.underlying());
        let (v_param, t_param) = (v.as_type_param().is_some(), t.as_type_param().is_some());
        if !v_param && !t_param && self.identical_ignoring_tags(vu, tu) {
            return true;
        }
        if let (Some(vb), Some(tb)) = (v.as_pointer(), t.as_pointer())
            && !self.is_tparam(vb)
            && !self.is_tparam(tb)
            && self.identical_ignoring_tags(vb.underlying(), tb.underlying())
        {
            return true;
        }
        if basic_conversion(vu, tu) {
            return true;
        }
        if let Some(elem) = vu.as_slice() {
            let (array, minor, what) = match tu.kind() {
                Kind::Array(array) => (Some(array), 20, "array"),
                Kind::Pointer(base) => (base.underlying().as_array(), 17, "array pointer"),
                _ => (None, 0, ""),
            };
            if array.is_some_and(|array| self.identical(elem, array.elem)) {
                if self.allows(minor) {
                    return true;
                }
                *cause = format!("conversion of slice to {what} requires go1.{minor} or later");
                return false;
            }
        }
        if v_param {
            let mut x = x.clone();
            let terms = self.terms_of(v);
            for term in &terms {
                x.ty = term.ty;
                if !t_param {
                    if !self.convertible(&x, t, cause) {
                        let text = |cx: &mut Self| {
                            format!(
                                "cannot convert {} (in {}) to type {}",
                                cx.ts(term.ty),
                                cx.ts(v),
                                cx.ts(target)
                            )
                        };
                        self.prepend(Some(cause), text);
                        return false;
                    }
                    continue;
                }
                let targets = self.terms_of(t);
                for to in &targets {
                    if !self.convertible(&x, to.ty, cause) {
                        let text = |cx: &mut Self| {
                            format!(
                                "cannot convert {} (in {}) to type {} (in {})",
                                cx.ts(term.ty),
                                cx.ts(v),
                                cx.ts(to.ty),
                                cx.ts(t)
                            )
                        };
                        self.prepend(Some(cause), text);
                        return false;
                    }
                }
                if targets.is_empty() {
                    return false;
                }
            }
            return !terms.is_empty();
        }
        if t_param {
            let terms = self.terms_of(t);
            for to in &terms {
                if !self.convertible(x, to.ty, cause) {
                    let text = |cx: &mut Self| {
                        format!("cannot convert {} to type {} (in {})", cx.ts(x.ty), cx.ts(to.ty), cx.ts(t))
                    };
                    self.prepend(Some(cause), text);
                    return false;
                }
            }
            return !terms.is_empty();
        }
        false
    }
}

/// The conversions among basic types, byte and rune slices and unsafe pointers, by underlying types.
fn basic_conversion(v: Ty, t: Ty) -> bool {
    let (vk, tk) = (v.basic_kind(), t.basic_kind());
    let is = |k: Option<BasicKind>, f: fn(BasicKind) -> bool| k.is_some_and(f);
    let real = |k: BasicKind| k.is_integer() || k.is_float();
    let unsafe_pointer = |k: Option<BasicKind>| k == Some(BasicKind::UnsafePointer);
    let address = |t: Ty, k: Option<BasicKind>| t.as_pointer().is_some() || k == Some(BasicKind::Uintptr);
    is(vk, real) && is(tk, real)
        || is(vk, BasicKind::is_complex) && is(tk, BasicKind::is_complex)
        || (is(vk, BasicKind::is_integer) || is_bytes_or_runes(v)) && is(tk, BasicKind::is_string)
        || is(vk, BasicKind::is_string) && is_bytes_or_runes(t)
        || address(v, vk) && unsafe_pointer(tk)
        || unsafe_pointer(vk) && address(t, tk)
}

pub(super) fn is_bytes_or_runes(ty: Ty) -> bool {
    let elem = ty.underlying().as_slice().and_then(|elem| elem.basic_kind());
    matches!(elem, Some(BasicKind::Uint8 | BasicKind::Int32))
}

/// Whether a type has a name: basic, defined, or a type parameter.
fn has_name(ty: Ty) -> bool {
    matches!(ty.kind(), Kind::Basic(_) | Kind::Named(_) | Kind::TypeParam(_))
}
