//! The code of a whole program in one object, by what it was made from: read in one step where single functions would
//! take thousands.
//!
//! A pack only answers; it never decides. What it has under a function's work is that function's code, whenever the
//! pack was made; what it has not is looked up or compiled as if there were no pack.

use serde::{Deserialize, Serialize};

use crate::base::{ContentId, Interner, Strings, archive, wire};
use crate::object::NumberedCode;
use crate::store::Blob;

/// The first item of the archive; the code of `works[i]` is item i + 1.
#[derive(Default, Serialize, Deserialize)]
struct Head {
    /// Sorted.
    works: Vec<ContentId>,
    /// Of all symbols, sorted.
    names: Strings,
}

/// An opened pack.
pub struct Pack {
    archive: Blob,
    head: Head,
}

impl Pack {
    /// None if the bytes are no pack.
    pub fn open(archive: Blob) -> Option<Pack> {
        let head = wire::decode(archive::item(&archive, 0)?).ok()?;
        Some(Pack { archive, head })
    }

    /// Where the code made from this work is.
    pub fn find(&self, work: ContentId) -> Option<usize> {
        self.head.works.binary_search(&work).ok()
    }

    /// The code at a place that [`Pack::find`] told, with numbers of [`Pack::names`].
    pub fn code(&self, at: usize) -> Option<NumberedCode> {
        wire::decode(archive::item(&self.archive, at + 1)?).ok()
    }

    /// What the pack's numbers are in another numbering.
    pub fn numbers(&self, names: &mut Interner) -> Vec<u32> {
        names.number_sorted(&self.head.names)
    }
}

/// A pack of these.
pub fn pack(codes: &[(ContentId, &NumberedCode)], names: &Interner) -> Vec<u8> {
    let mut order: Vec<usize> = (0..codes.len()).collect();
    order.sort_by_key(|&i| codes[i].0);
    order.dedup_by_key(|i| codes[*i].0);
    let mut used: Vec<u32> =
        codes.iter().flat_map(|(_, code)| code.syms.iter().copied().chain([code.name])).collect();
    used.sort_unstable();
    used.dedup();
    used.sort_by(|a, b| names.get(*a).cmp(names.get(*b)));
    let mut head = Head { works: order.iter().map(|&i| codes[i].0).collect(), names: Strings::default() };
    let mut numbers = rustc_hash::FxHashMap::default();
    for name in used {
        numbers.insert(name, head.names.push(names.get(name)));
    }
    let mut items = vec![wire::encode(&head)];
    items.extend(order.iter().map(|&i| {
        let mut code = codes[i].1.clone();
        code.renumber(&mut |name| numbers[&name]);
        wire::encode(&code)
    }));
    archive::pack(&items)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_comes_back_under_its_work() {
        let mut names = Interner::default();
        let mut code = |name: &str, sym: &str| NumberedCode {
            name: names.number(name),
            syms: vec![names.number(sym)],
            bytes: vec![1, 2],
            ..NumberedCode::default()
        };
        let (f, g) = (code("p.f", "q.x"), code("p.g", "a.y"));
        let id = |n| ContentId([n; 32]);
        let pack = Pack::open(pack(&[(id(9), &f), (id(3), &g)], &names).into()).unwrap();
        assert_eq!(pack.find(id(4)), None);
        let mut back = pack.code(pack.find(id(9)).unwrap()).unwrap();
        // Another program numbers otherwise.
        let mut other = Interner::default();
        other.number("z");
        let map = pack.numbers(&mut other);
        back.renumber(&mut |n| map[n as usize]);
        assert_eq!((other.get(back.name), other.get(back.syms[0])), ("p.f", "q.x"));
    }
}
