//! The standard library, type-checked from source for several targets: every package must be without errors.
//!
//! `ONLY=net/http` checks one package and what it needs and prints its errors; `STD_TARGET=linux/arm64` one target.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use thermos::base::{FileId, Sources, par::on_big_stack};
use thermos::check::{self, CheckUnit, GoVersion, Options};
use thermos::syntax;
use thermos::target;
use thermos::types::{Checked, PkgRef, export};

use crate::ledger::{Ledger, Outcome};
use crate::select::{self, Target};

const TARGETS: &[Target] = &[
    Target { goos: "linux", goarch: "amd64" },
    Target { goos: "linux", goarch: "arm64" },
    Target { goos: "linux", goarch: "riscv64" },
    Target { goos: "windows", goarch: "amd64" },
];

pub fn check(goroot: &Path) -> Result<String, String> {
    let mut outcomes = BTreeMap::new();
    let only = std::env::var("STD_TARGET").ok();
    for target in TARGETS {
        let name = format!("{}/{}", target.goos, target.goarch);
        if only.as_ref().is_some_and(|o| *o != name) {
            continue;
        }
        for (package, outcome) in on_big_stack(|| check_target(&goroot.join("src"), target, &mut |_, _| {})) {
            outcomes.insert(format!("{name} {package}"), outcome);
        }
    }
    Ledger::new("stdlib", "The standard library type-checked from source").settle(&outcomes)
}

struct Parsed {
    files: Vec<syntax::ast::File>,
    sources: Sources,
    errors: Vec<String>,
    lines: usize,
    imports: Vec<String>,
}

/// Checks every package and hands it to `each`, dependencies first.
pub fn check_target(
    src: &Path,
    target: &Target,
    each: &mut dyn FnMut(&str, Checked),
) -> Vec<(String, Outcome)> {
    let started = Instant::now();
    let mut parsed: BTreeMap<String, Parsed> = BTreeMap::new();
    let mut imports = BTreeMap::new();
    for package in select::packages(src) {
        let files = select::files(src, &package, target);
        if files.is_empty() {
            continue;
        }
        let p = parse(src, &package, &files);
        imports.insert(package.clone(), p.imports.clone());
        parsed.insert(package, p);
    }
    let parse_time = started.elapsed();
    let only = std::env::var("ONLY").ok();
    let mut order = select::order(&imports);
    if let Some(only) = &only {
        let wanted = BTreeMap::from_iter(closure(only, &imports).into_iter().map(|p| (p, ())));
        order.retain(|p| wanted.contains_key(p));
    }
    let sizes = target::Target::new(target.goos, target.goarch).expect("a known target").sizes();
    let mut done: BTreeMap<String, PkgRef> = BTreeMap::new();
    let mut out = Vec::new();
    let (mut lines, mut check_time) = (0, Duration::ZERO);
    for package in order {
        let p = parsed.remove(&package).expect("ordered packages were parsed");
        lines += p.lines;
        let importer = |path: &str| {
            let vendored = format!("vendor/{path}");
            let found = done.get(&vendored).or_else(|| done.get(path));
            found.copied().ok_or_else(|| "no such package".to_owned())
        };
        let started = Instant::now();
        let checked = check::check(CheckUnit {
            path: &package,
            files: p.files,
            sources: p.sources,
            importer: &importer,
            go_version: GoVersion::parse("go1.27"),
            sizes,
            options: Options { allows_missing_bodies: true, standard: true, ..Options::default() },
        });
        check_time += started.elapsed();
        let mut errors = p.errors;
        errors.extend(
            checked.diags.list.iter().map(|d| format!("{}: {}", checked.sources.show(d.pos), d.text)),
        );
        if only.as_deref() == Some(&*package)
            || only.is_none() && !errors.is_empty() && std::env::var_os("VERBOSE").is_some()
        {
            println!("{package}: {} errors", errors.len());
            errors.iter().take(30).for_each(|e| println!("  {e}"));
        }
        // Those that import it see what a build shows them: the interface, written and read back.
        let bytes = export::encode(checked.package);
        let seen =
            match export::decode(&bytes, &|path| done.get(path).copied().ok_or_else(|| path.to_owned())) {
                Ok(decoded) => {
                    if export::encode(decoded) != bytes {
                        errors.push("the interface changes when it is read and written again".to_owned());
                    }
                    decoded
                }
                Err(why) => {
                    errors.push(format!("the interface cannot be read: {why}"));
                    checked.package
                }
            };
        done.insert(package.clone(), seen);
        let outcome = match errors.first() {
            None => Outcome::Pass,
            Some(first) => Outcome::Fail(format!("{} errors, {}", errors.len(), first.replace('\n', " "))),
        };
        each(&package, checked);
        out.push((package, outcome));
    }
    println!(
        "{}/{}: {lines} lines, read and parsed in {parse_time:.2?}, checked in {check_time:.2?}: {:.0} lines/s",
        target.goos,
        target.goarch,
        lines as f64 / check_time.as_secs_f64()
    );
    out
}

fn closure(package: &str, imports: &BTreeMap<String, Vec<String>>) -> Vec<String> {
    let mut out = vec![package.to_owned()];
    let mut i = 0;
    while i < out.len() {
        for import in imports.get(&out[i]).into_iter().flatten() {
            if !out.contains(import) {
                out.push(import.clone());
            }
        }
        i += 1;
    }
    out
}

fn parse(src: &Path, package: &str, files: &[(String, Vec<u8>)]) -> Parsed {
    let mut out = Parsed {
        files: Vec::new(),
        sources: Sources::default(),
        errors: Vec::new(),
        lines: 0,
        imports: Vec::new(),
    };
    for (i, (name, text)) in files.iter().enumerate() {
        let shown = src.join(package).join(name).display().to_string();
        let parsed = syntax::parse(FileId(i as u32), &shown, text);
        out.lines += memchr::memchr_iter(b'\n', text).count();
        out.sources.add(parsed.source);
        for d in &parsed.diags.list {
            out.errors.push(format!("{}: {}", out.sources.show(d.pos), d.text));
        }
        for import in parsed.file.imports() {
            let vendored = format!("vendor/{}", import.path);
            let path = if src.join(&vendored).is_dir() { vendored } else { import.path.to_string() };
            if !out.imports.contains(&path) && path != "unsafe" {
                out.imports.push(path);
            }
        }
        out.files.push(parsed.file);
    }
    out
}
