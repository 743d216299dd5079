//! Itabs: the methods of one concrete type in the order of one interface.
//!
//! ```text
//! itab = inter:*type type:*type hash:u32 0:u32 fun:*code × methods
//! ```

use std::sync::Arc;

use super::cx::Cx;
use super::method_set;
use super::typedesc::{method_code, type_hash, type_sym};
use super::{layout, names};
use crate::object::{Data, DataRelocKind, Section};
use crate::types::{Kind, Ty};

/// Where the methods begin.
pub(crate) const FUN_OFFSET: u64 = 24;

/// The symbol of the itab for values of `concrete` in interfaces of type `interface`.
pub fn itab_sym(cx: &mut Cx<'_>, concrete: Ty, interface: Ty) -> Arc<str> {
    let (concrete, interface) = (concrete.unalias(), interface.unalias());
    let symbol: Arc<str> =
        format!("go:itab.{},{}", names::link_string(concrete), names::link_string(interface)).into();
    if !cx.claim(&symbol) {
        return symbol;
    }
    let inter = type_sym(cx, interface);
    let ty = type_sym(cx, concrete);
    let wanted = layout::iface_methods(interface);
    let mut d = Data::new(symbol.clone(), Section::Itab, 8, FUN_OFFSET + 8 * wanted.len().max(1) as u64);
    d.dup_ok = true;
    d.pointer(0, inter);
    d.pointer(8, ty);
    d.put(16, &type_hash(concrete).to_le_bytes());
    let (base, is_pointer) = match concrete.kind() {
        Kind::Pointer(elem) => (elem.unalias(), true),
        _ => (concrete, false),
    };
    let has = method_set::methods_of(base);
    let one_word_is_pointer = is_pointer || !layout::is_direct_iface(concrete);
    let mut code = Vec::new();
    for want in &wanted {
        let id = want.id();
        let found = has.iter().find(|m| m.obj.id() == id && (is_pointer || !m.needs_pointer()));
        // A type that only might implement the interface gets an empty itab, as in gc.
        let Some(method) = found else { break };
        code.push(method_code(cx, base, one_word_is_pointer, method));
    }
    if code.len() == wanted.len() {
        for (i, symbol) in code.into_iter().enumerate() {
            d.reloc(FUN_OFFSET + 8 * i as u64, DataRelocKind::WeakAbs64, symbol, 0);
        }
    }
    cx.add_data(d);
    symbol
}
