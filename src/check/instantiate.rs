//! Instantiating generic types and functions, and verifying the arguments.

use super::Checker;
use super::codes::Code;
use crate::base::Pos;
use crate::types::{self, Kind, Subst, Ty};

impl Checker<'_> {
    /// The generic type, alias or signature with type arguments put in; nothing is verified but, for aliases and
    /// functions, their number.
    pub(super) fn instance(&mut self, pos: Pos, generic: Ty, targs: &[Ty]) -> Ty {
        match generic.kind() {
            Kind::Named(_) => {
                let inst = types::instantiate(generic, targs);
                self.instance_pos.entry(inst).or_insert(pos);
                inst
            }
            Kind::Alias(alias) => {
                if !self.validate_targ_len(pos, alias.obj().name, alias.tparams().len(), targs.len()) {
                    return Ty::INVALID;
                }
                if targs.is_empty() { generic } else { types::instantiate(generic, targs) }
            }
            Kind::Signature(sig) => {
                let name = self.ts(generic);
                if !self.validate_targ_len(pos, &name, sig.tparams.len(), targs.len()) {
                    return Ty::INVALID;
                }
                types::instantiate_signature(generic, targs)
            }
            _ => panic!("{generic} cannot be instantiated"),
        }
    }

    /// Complains if there are more or fewer type arguments than parameters.
    pub(super) fn validate_targ_len(&mut self, pos: Pos, name: &str, want: usize, got: usize) -> bool {
        let quantity = match got.cmp(&want) {
            std::cmp::Ordering::Less => "not enough",
            std::cmp::Ordering::Greater => "too many",
            std::cmp::Ordering::Equal => return true,
        };
        let text = format!("{quantity} type arguments for type {name}: have {got}, want {want}");
        self.error(pos, Code::WrongTypeArgCount, text);
        false
    }

    /// Whether each type argument satisfies its constraint; the error is the first that does not, and why.
    pub(super) fn verify(&mut self, _pos: Pos, tparams: &[Ty], targs: &[Ty]) -> Result<(), (usize, String)> {
        let map = Subst::new(tparams, targs);
        for (i, (tparam, &targ)) in tparams.iter().zip(targs).enumerate() {
            let param = tparam.as_type_param().expect("type parameters");
            // A constraint written as a bare union counts as the interface around it.
            let bound = match param.bound() {
                Some(bound) if bound.underlying().as_interface().is_some() => bound,
                _ => param.interface(),
            };
            let mut cause = String::new();
            if !self.implements(targ, map.ty(bound), true, Some(&mut cause)) {
                return Err((i, cause));
            }
        }
        Ok(())
    }
}
