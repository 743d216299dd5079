//! vendor/modules.txt: which module each vendored package is from.

use std::collections::BTreeMap;

use super::gomod::GoMod;
use super::version::{compare_go, is_semver};

type ModuleVersion = (String, String);

#[derive(Clone, Debug, Default)]
pub(super) struct Vendor {
    /// Import path to module.
    pub packages: BTreeMap<String, ModuleVersion>,
    pub meta: BTreeMap<ModuleVersion, Meta>,
    /// In the file's order.
    listed: Vec<ModuleVersion>,
    replaced: Vec<ModuleVersion>,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Meta {
    pub explicit: bool,
    pub go_version: String,
    pub replacement: Option<ModuleVersion>,
}

impl Vendor {
    pub fn parse(text: &[u8]) -> Vendor {
        let mut out = Vendor::default();
        let mut module: Option<ModuleVersion> = None;
        for line in String::from_utf8_lossy(text).lines() {
            if let Some(rest) = line.strip_prefix("# ") {
                module = out.module_line(&rest.split_whitespace().collect::<Vec<_>>());
                continue;
            }
            let Some(module) = &module else { continue };
            if let Some(notes) = line.strip_prefix("## ") {
                let meta = out.meta.entry(module.clone()).or_default();
                for note in notes.split(';').map(str::trim) {
                    if note == "explicit" {
                        meta.explicit = true;
                    } else if let Some(version) = note.strip_prefix("go ") {
                        meta.go_version = version.to_owned();
                    }
                }
                continue;
            }
            if let [path] = line.split_whitespace().collect::<Vec<_>>()[..] {
                if !out.listed.contains(module) {
                    out.listed.push(module.clone());
                }
                out.packages.insert(path.to_owned(), module.clone());
            }
        }
        out
    }

    fn module_line(&mut self, words: &[&str]) -> Option<ModuleVersion> {
        let (module, rest) = match words {
            [path, version, rest @ ..] if is_semver(version) => {
                (((*path).to_owned(), (*version).to_owned()), rest)
            }
            [path, "=>", ..] => (((*path).to_owned(), String::new()), &words[1..]),
            _ => return None,
        };
        let replacement = match rest {
            ["=>", path] => Some(((*path).to_owned(), String::new())),
            ["=>", path, version] if is_semver(version) => Some(((*path).to_owned(), (*version).to_owned())),
            _ => None,
        };
        if replacement.is_some() {
            self.replaced.push(module.clone());
            self.meta.entry(module.clone()).or_default().replacement = replacement;
        }
        Some(module)
    }

    /// What does not agree with go.mod, a line each with a tab before it; empty if all agrees.
    pub fn disagreements(&self, go_mod: &GoMod) -> String {
        let mut out = String::new();
        let mut note = |(path, version): &ModuleVersion, text: String| {
            let at = if version.is_empty() { String::new() } else { format!("@{version}") };
            out.push_str(&format!("\n\t{path}{at}: {text}"));
        };
        let describe = |(path, version): &ModuleVersion| match version.as_str() {
            "" => path.clone(),
            version => format!("{path}@{version}"),
        };
        // Before 1.14 the file did not say what was explicit.
        if compare_go(go_mod.go_or_default(), "1.14").is_lt() {
            return out;
        }
        for require in &go_mod.requires {
            let module = (require.path.clone(), require.version.clone());
            if !self.meta.get(&module).is_some_and(|meta| meta.explicit) {
                note(
                    &module,
                    "is explicitly required in go.mod, but not marked as explicit in vendor/modules.txt"
                        .to_owned(),
                );
            }
        }
        for replace in &go_mod.replaces {
            let old = (replace.path.clone(), replace.version.clone().unwrap_or_default());
            let new = (replace.new_path.clone(), replace.new_version.clone().unwrap_or_default());
            match self.meta.get(&old).and_then(|meta| meta.replacement.as_ref()) {
                None => note(
                    &old,
                    "is replaced in go.mod, but not marked as replaced in vendor/modules.txt".to_owned(),
                ),
                Some(marked) if *marked != new => note(
                    &old,
                    format!(
                        "is replaced by {} in go.mod, but marked as replaced by {} in vendor/modules.txt",
                        describe(&new),
                        describe(marked)
                    ),
                ),
                Some(_) => {}
            }
        }
        for module in &self.listed {
            let explicit = self.meta.get(module).is_some_and(|meta| meta.explicit);
            let required = |r: &super::gomod::Require| r.path == module.0 && r.version == module.1;
            if explicit && !go_mod.requires.iter().any(required) {
                note(
                    module,
                    "is marked as explicit in vendor/modules.txt, but not explicitly required in go.mod"
                        .to_owned(),
                );
            }
        }
        for module in &self.replaced {
            if go_mod.replacement(&module.0, &module.1).is_none() {
                note(
                    module,
                    "is marked as replaced in vendor/modules.txt, but not replaced in go.mod".to_owned(),
                );
            }
        }
        out
    }
}
