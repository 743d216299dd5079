//! Many strings in one, by number: decoded with two allocations, and looked up by name when they are sorted.

use std::sync::Arc;

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

/// Strings one after the other.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Strings {
    text: String,
    /// Where each ends.
    ends: Vec<u32>,
}

impl Strings {
    /// Adds `s` as the last one; its number.
    pub fn push(&mut self, s: &str) -> u32 {
        self.text.push_str(s);
        self.ends.push(u32::try_from(self.text.len()).expect("names take less than 4 GiB"));
        self.ends.len() as u32 - 1
    }

    /// How many there are.
    pub fn count(&self) -> u32 {
        self.ends.len() as u32
    }

    /// String number `i`; the empty one if a damaged object asks for what is not there.
    pub fn get(&self, i: u32) -> &str {
        let i = i as usize;
        let start = if i == 0 { 0 } else { self.ends.get(i - 1).copied().unwrap_or(0) };
        let end = self.ends.get(i).copied().unwrap_or(0);
        self.text.get(start as usize..end as usize).unwrap_or("")
    }

    /// The number of `s`, if the strings are sorted.
    pub fn find_sorted(&self, s: &str) -> Option<u32> {
        let (mut low, mut high) = (0, self.count());
        while low < high {
            let middle = low + (high - low) / 2;
            match self.get(middle).cmp(s) {
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
                std::cmp::Ordering::Equal => return Some(middle),
            }
        }
        None
    }

    /// In the order of their numbers.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.count()).map(|i| self.get(i))
    }
}

/// Numbers for names: those of a sorted table first, then new ones as they come.
#[derive(Clone, Debug, Default)]
pub struct Interner {
    base: Arc<Strings>,
    extra: Strings,
    numbers: FxHashMap<Box<str>, u32>,
}

impl Interner {
    /// On top of `base`, which is sorted.
    pub fn new(base: Arc<Strings>) -> Interner {
        Interner { base, ..Interner::default() }
    }

    /// The number of `name`, a new one if it has none.
    pub fn number(&mut self, name: &str) -> u32 {
        if let Some(n) = self.find(name) {
            return n;
        }
        let n = self.base.count() + self.extra.push(name);
        self.numbers.insert(name.into(), n);
        n
    }

    /// The number of `name`, if it has one.
    pub fn find(&self, name: &str) -> Option<u32> {
        self.numbers.get(name).copied().or_else(|| self.base.find_sorted(name))
    }

    /// The numbers of sorted names, in their order: cheaper than one by one.
    pub fn number_sorted(&mut self, sorted: &Strings) -> Vec<u32> {
        let base = self.base.clone();
        let mut at = 0;
        let mut out = Vec::with_capacity(sorted.count() as usize);
        for name in sorted.iter() {
            // In growing steps, then by halves: the next one is near.
            let mut step = 1;
            while at + step < base.count() && base.get(at + step) <= name {
                at += step;
                step *= 2;
            }
            while step > 0 {
                if at + step < base.count() && base.get(at + step) <= name {
                    at += step;
                }
                step /= 2;
            }
            let found = at < base.count() && base.get(at) == name;
            out.push(if found { at } else { self.number(name) });
        }
        out
    }

    pub fn get(&self, n: u32) -> &str {
        match n.checked_sub(self.base.count()) {
            Some(n) => self.extra.get(n),
            None => self.base.get(n),
        }
    }

    /// How many of the numbers are the table's: those are in the order of their names.
    pub fn n_sorted(&self) -> u32 {
        self.base.count()
    }

    pub fn count(&self) -> u32 {
        self.base.count() + self.extra.count()
    }
}

/// A run of bytes as serde knows it: encoded like a list of numbers, but in one step.
pub mod bytes {
    use std::fmt;

    use serde::de::{SeqAccess, Visitor};
    use serde::{Deserializer, Serializer};

    pub fn serialize<S: Serializer>(bytes: &[u8], to: S) -> Result<S::Ok, S::Error> {
        to.serialize_bytes(bytes)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<u8>, D::Error> {
        struct Bytes;
        impl<'de> Visitor<'de> for Bytes {
            type Value = Vec<u8>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("bytes")
            }

            fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Vec<u8>, E> {
                Ok(bytes.to_vec())
            }

            fn visit_byte_buf<E>(self, bytes: Vec<u8>) -> Result<Vec<u8>, E> {
                Ok(bytes)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Vec<u8>, A::Error> {
                let mut out = Vec::new();
                while let Some(byte) = seq.next_element()? {
                    out.push(byte);
                }
                Ok(out)
            }
        }
        from.deserialize_byte_buf(Bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::wire;

    #[test]
    fn sorted_strings_are_found() {
        let mut strings = Strings::default();
        let all = ["", "a", "ab", "b", "ß"];
        all.iter().for_each(|s| _ = strings.push(s));
        for (i, s) in all.iter().enumerate() {
            assert_eq!(strings.find_sorted(s), Some(i as u32));
        }
        assert_eq!(strings.find_sorted("aa"), None);
        assert_eq!((strings.get(99), Strings::default().find_sorted("a")), ("", None));
    }

    #[test]
    fn sorted_names_are_numbered_as_single_ones() {
        let strings = |all: &[&str]| {
            let mut out = Strings::default();
            all.iter().for_each(|s| _ = out.push(s));
            out
        };
        let mut names = Interner::new(Arc::new(strings(&["b", "d", "e", "f", "h", "k"])));
        let some = strings(&["a", "b", "c", "e", "f", "g", "k", "z"]);
        let numbers = names.number_sorted(&some);
        for (name, number) in some.iter().zip(numbers) {
            assert_eq!((names.get(number), names.find(name)), (name, Some(number)));
        }
        assert_eq!(names.count(), 10);
    }

    #[test]
    fn bytes_are_encoded_as_a_list_is() {
        #[derive(Serialize, Deserialize)]
        struct Run(#[serde(with = "bytes")] Vec<u8>);
        let plain = vec![0u8, 1, 200, 255];
        assert_eq!(wire::encode(&Run(plain.clone())), wire::encode(&plain));
        let back: Run = wire::decode(&wire::encode(&plain)).unwrap();
        assert_eq!(back.0, plain);
    }
}
