//! go.sum: which modules the user has vouched for.

use std::collections::BTreeMap;

/// The entries of go.sum: (`path`, `version` or `version/go.mod`) to `h1:…`.
#[derive(Clone, Debug, Default)]
pub(super) struct Sums {
    entries: BTreeMap<(String, String), String>,
}

impl Sums {
    /// Lines that are not three words are passed over: go does not read such a file at all, but then says nothing of use either.
    pub fn parse(text: &[u8]) -> Sums {
        let mut entries = BTreeMap::new();
        for line in String::from_utf8_lossy(text).lines() {
            let words: Vec<&str> = line.split_whitespace().collect();
            if let [path, version, sum] = words[..] {
                entries.insert((path.to_owned(), version.to_owned()), sum.to_owned());
            }
        }
        Sums { entries }
    }

    pub fn module(&self, path: &str, version: &str) -> Option<&str> {
        self.entries.get(&(path.to_owned(), version.to_owned())).map(String::as_str)
    }

    pub fn go_mod(&self, path: &str, version: &str) -> Option<&str> {
        self.module(path, &format!("{version}/go.mod"))
    }
}
