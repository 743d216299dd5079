//! Which files of a standard library directory belong to a target, and what they import: the test's own small copy
//! of the rules, so that the checker can be judged without the rooms above it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

pub struct Target {
    pub goos: &'static str,
    pub goarch: &'static str,
}

const OSES: &[&str] = &[
    "aix",
    "android",
    "darwin",
    "dragonfly",
    "freebsd",
    "hurd",
    "illumos",
    "ios",
    "js",
    "linux",
    "nacl",
    "netbsd",
    "openbsd",
    "plan9",
    "solaris",
    "wasip1",
    "windows",
    "zos",
];
const ARCHES: &[&str] = &[
    "386",
    "amd64",
    "amd64p32",
    "arm",
    "armbe",
    "arm64",
    "arm64be",
    "loong64",
    "mips",
    "mipsle",
    "mips64",
    "mips64le",
    "mips64p32",
    "mips64p32le",
    "ppc",
    "ppc64",
    "ppc64le",
    "riscv",
    "riscv64",
    "s390",
    "s390x",
    "sparc",
    "sparc64",
    "wasm",
];
const UNIX: &[&str] = &[
    "aix",
    "android",
    "darwin",
    "dragonfly",
    "freebsd",
    "hurd",
    "illumos",
    "ios",
    "linux",
    "netbsd",
    "openbsd",
    "solaris",
];
const EXPERIMENTS: &[&str] = &["regabiwrappers", "regabiargs", "dwarf5", "jsonv2"];

/// Packages checked as if for an unknown architecture: their portable files are complete.
const NO_ARCH: &[&str] =
    &["internal/bytealg", "math", "hash/crc32", "internal/runtime/gc/scan", "internal/runtime/startlinetest"];

/// The selected Go files of the directory of `package`, sorted by name.
pub fn files(src: &Path, package: &str, target: &Target) -> Vec<(String, Vec<u8>)> {
    let mut out = Vec::new();
    let Ok(entries) = std::fs::read_dir(src.join(package)) else { return out };
    for entry in entries {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if !name.ends_with(".go") || name.ends_with("_test.go") || name.starts_with(['_', '.']) {
            continue;
        }
        let text = std::fs::read(src.join(package).join(&name)).unwrap();
        if wanted(package, &name, &text, target) {
            out.push((name, text));
        }
    }
    out.sort();
    out
}

fn wanted(package: &str, name: &str, text: &[u8], target: &Target) -> bool {
    if package == "internal/runtime/maps" {
        match name {
            "memhash_aes.go" | "memhash_aes_asm.go" | "memhash_align_check.go" => return false,
            "memhash_noaes.go" | "memhash_align_nocheck.go" => return true,
            _ => (),
        }
    }
    let goarch = if NO_ARCH.contains(&package) { "none" } else { target.goarch };
    let tag = |tag: &str| {
        tag == target.goos
            || tag == goarch
            || tag == "gc"
            || tag == "purego"
            || tag == "math_big_pure_go"
            || (tag == "unix" && UNIX.contains(&target.goos))
            || tag.strip_prefix("goexperiment.").is_some_and(|x| EXPERIMENTS.contains(&x))
            || tag.strip_prefix("go1.").is_some_and(|n| n.parse::<u32>().is_ok_and(|n| n <= 27))
    };
    name_fits(name, target.goos, goarch)
        && constraint(text).is_none_or(|line| eval(&line, &tag))
        && !imports_c(text)
}

fn name_fits(name: &str, goos: &str, goarch: &str) -> bool {
    let stem = name.trim_end_matches(".go");
    let Some(first) = stem.find('_') else { return true };
    let parts: Vec<&str> = stem[first + 1..].split('_').collect();
    match parts[..] {
        [.., os, arch] if OSES.contains(&os) && ARCHES.contains(&arch) => os == goos && arch == goarch,
        [.., last] if OSES.contains(&last) => last == goos,
        [.., last] if ARCHES.contains(&last) => last == goarch,
        _ => true,
    }
}

/// The expression of the `//go:build` line above the package clause.
fn constraint(text: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(text);
    let mut in_comment = false;
    for line in text.lines() {
        let line = line.trim();
        if in_comment {
            in_comment = !line.contains("*/");
        } else if let Some(rest) = line.strip_prefix("//go:build ") {
            return Some(rest.to_owned());
        } else if line.starts_with("/*") {
            in_comment = !line.contains("*/");
        } else if !line.is_empty() && !line.starts_with("//") {
            return None;
        }
    }
    None
}

fn imports_c(text: &[u8]) -> bool {
    memchr::memmem::find(text, b"\nimport \"C\"").is_some()
}

/// Evaluates a build expression.
pub fn eval(text: &str, tag: &dyn Fn(&str) -> bool) -> bool {
    let mut rest = text;
    or(&mut rest, tag)
}

fn or(rest: &mut &str, tag: &dyn Fn(&str) -> bool) -> bool {
    let mut value = and(rest, tag);
    while take(rest, "||") {
        value |= and(rest, tag);
    }
    value
}

fn and(rest: &mut &str, tag: &dyn Fn(&str) -> bool) -> bool {
    let mut value = not(rest, tag);
    while take(rest, "&&") {
        value &= not(rest, tag);
    }
    value
}

fn not(rest: &mut &str, tag: &dyn Fn(&str) -> bool) -> bool {
    if take(rest, "!") {
        return !not(rest, tag);
    }
    if take(rest, "(") {
        let value = or(rest, tag);
        take(rest, ")");
        return value;
    }
    let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_' && c != '.').unwrap_or(rest.len());
    let (name, tail) = rest.split_at(end);
    *rest = tail;
    tag(name)
}

fn take(rest: &mut &str, token: &str) -> bool {
    *rest = rest.trim_start();
    match rest.strip_prefix(token) {
        Some(tail) => {
            *rest = tail;
            true
        }
        None => false,
    }
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
