//! Which files of a standard library directory belong to a target, and in which order its packages are checked: without
//! the loader above, so that the checker can be judged by itself.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use thermos::modules::{Config, Selection};
use thermos::overlay::{self, Rules};
use thermos::scan;

pub struct Target {
    pub goos: &'static str,
    pub goarch: &'static str,
}

/// Decides as a build of the whole library does, overlay's rules included.
fn selection(target: &Target, rules: Option<&Rules>) -> Selection {
    let plain = Selection::new(&Config {
        goroot: PathBuf::new(),
        target: thermos::target::Target::new(target.goos, target.goarch).expect("a known target"),
        tags: Vec::new(),
        experiments: overlay::EXPERIMENTS.iter().map(|&name| name.to_owned()).collect(),
        mod_mode: None,
        modfile: None,
        mod_cache: PathBuf::new(),
        proxy: String::new(),
        overlay: true,
        main_only: false,
        objects: false,
        tests: false,
    });
    rules.map_or(plain.clone(), |rules| plain.with_rules(rules))
}

/// The selected Go files of the directory of `package`, sorted by name.
pub fn files(src: &Path, package: &str, target: &Target) -> Vec<(String, Vec<u8>)> {
    let rules = overlay::rules(package);
    let selection = selection(target, rules);
    let mut out = Vec::new();
    let Ok(entries) = std::fs::read_dir(src.join(package)) else { return out };
    for entry in entries {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if !name.ends_with(".go") || name.ends_with("_test.go") || name.starts_with(['_', '.']) {
            continue;
        }
        let text = std::fs::read(src.join(package).join(&name)).unwrap();
        if wanted(&selection, rules, &name, &text) {
            out.push((name, text));
        }
    }
    out.sort();
    out
}

fn wanted(selection: &Selection, rules: Option<&Rules>, name: &str, text: &[u8]) -> bool {
    if rules.is_some_and(|rules| rules.drop_files.contains(&name)) {
        return false;
    }
    if rules.is_some_and(|rules| rules.add_files.contains(&name)) {
        return true;
    }
    let facts = scan::scan(text);
    selection.name_fits(name) && facts.header.eval(&|tag| selection.holds(tag)) && !facts.uses_cgo()
}

/// Whether the constraints above a file's package clause hold for a target.
pub fn fits(text: &[u8], target: &Target) -> bool {
    let selection = selection(target, None);
    scan::scan(text).header.eval(&|tag| selection.holds(tag))
}

/// All package directories below `src`, by import path; vendored ones under their vendored path.
pub fn packages(src: &Path) -> BTreeSet<String> {
    let mut out = BTreeSet::new();
    let mut open = vec![String::new()];
    while let Some(dir) = open.pop() {
        let Ok(entries) = std::fs::read_dir(src.join(&dir)) else { continue };
        for entry in entries {
            let entry = entry.unwrap();
            let name = entry.file_name().into_string().unwrap();
            if entry.file_type().unwrap().is_dir() {
                let skipped =
                    name == "testdata" || name.starts_with(['_', '.']) || (dir.is_empty() && name == "cmd");
                if !skipped {
                    open.push(if dir.is_empty() { name } else { format!("{dir}/{name}") });
                }
            } else if name.ends_with(".go") && !dir.is_empty() {
                out.insert(dir.clone());
            }
        }
    }
    out.retain(|p| p != "builtin");
    out
}

/// Orders packages so that imports come first; imports that are not in the map are left to the checker to complain.
pub fn order(imports: &BTreeMap<String, Vec<String>>) -> Vec<String> {
    fn visit(
        p: &str,
        imports: &BTreeMap<String, Vec<String>>,
        seen: &mut BTreeSet<String>,
        out: &mut Vec<String>,
    ) {
        if !imports.contains_key(p) || !seen.insert(p.to_owned()) {
            return;
        }
        for import in &imports[p] {
            visit(import, imports, seen, out);
        }
        out.push(p.to_owned());
    }
    let (mut seen, mut out) = (BTreeSet::new(), Vec::new());
    for p in imports.keys() {
        visit(p, imports, &mut seen, &mut out);
    }
    out
}
