//! Lowers packages of the standard library and their imports, and says which fail: a tool for whoever changes `lower`.
//!
//! `GOROOT=<dir> LOWER=fmt,os cargo test --test it lower_std -- --ignored --nocapture`; without `LOWER` all of it.
//! `LOWER_DUMP=<symbol>` prints that function.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::{env, fs};

use thermos::base::{FileId, Sources};
use thermos::check::{CheckUnit, Options, check};
use thermos::syntax::{constraint, parse};
use thermos::target::{Sizes, Target};
use thermos::types::{Checked, PkgRef};
use thermos::{base, ir, lower, modules, overlay, types};

struct Loader {
    goroot: String,
    selection: modules::Selection,
    target: Target,
    done: BTreeMap<String, &'static Checked>,
    order: Vec<String>,
    errors: usize,
}

impl Loader {
    fn load(&mut self, path: &str) -> Option<PkgRef> {
        if path == "unsafe" {
            return Some(types::universe::unsafe_package());
        }
        if let Some(checked) = self.done.get(path) {
            return Some(checked.package);
        }
        let mut dir = Path::new(&self.goroot).join("src").join(path);
        let mut path = path.to_owned();
        if !dir.is_dir() {
            dir = Path::new(&self.goroot).join("src/vendor").join(&path);
            path = format!("vendor/{path}");
            if let Some(checked) = self.done.get(&path) {
                return Some(checked.package);
            }
        }
        let rules = overlay::rules(&path);
        let selection = rules.map_or(self.selection.clone(), |r| self.selection.with_rules(r));
        let mut texts: Vec<(String, Vec<u8>)> = Vec::new();
        let mut names: Vec<String> = match fs::read_dir(&dir) {
            Ok(list) => list.map(|e| e.unwrap().file_name().into_string().unwrap()).collect(),
            Err(_) => return None,
        };
        names.sort();
        for name in names {
            if !name.ends_with(".go") || name.ends_with("_test.go") || name.starts_with(['_', '.']) {
                continue;
            }
            let text = fs::read(dir.join(&name)).unwrap();
            let fits = selection.name_fits(&name) && constraint::header(&text).eval(&|t| selection.holds(t));
            let added = rules.is_some_and(|r| r.add_files.contains(&&*name));
            if !(fits || added) || rules.is_some_and(|r| r.drop_files.contains(&&*name)) {
                continue;
            }
            let text = String::from_utf8(text).unwrap();
            let text = overlay::patch(&path, &name, &text).unwrap().into_owned();
            if text.contains("import \"C\"") {
                continue;
            }
            texts.push((name, text.into_bytes()));
        }
        for file in rules.map_or(&[][..], |r| r.files) {
            texts.push((file.name.to_owned(), file.text.as_bytes().to_vec()));
        }
        texts.sort();
        let mut sources = Sources::default();
        let mut files = Vec::new();
        for (i, (name, text)) in texts.iter().enumerate() {
            let parsed = parse(FileId(i as u32), name, text);
            assert!(!parsed.diags.has_errors(), "{path}/{name}: {:?}", parsed.diags);
            sources.add(parsed.source);
            files.push(parsed.file);
        }
        for file in &files {
            for import in file.imports() {
                let _ = self.load(&import.path);
            }
        }
        let done = &self.done;
        let importer = |p: &str| -> Result<PkgRef, String> {
            if p == "unsafe" {
                return Ok(types::universe::unsafe_package());
            }
            let found = done.get(p).or_else(|| done.get(&format!("vendor/{p}")));
            found.map(|c| c.package).ok_or_else(|| format!("no package {p}"))
        };
        let checked = check(CheckUnit {
            path: &path,
            files,
            sources,
            importer: &importer,
            go_version: None,
            sizes: Sizes::of(self.target.arch),
            options: Options { allows_missing_bodies: true, standard: true, ..Options::default() },
        });
        if checked.diags.has_errors() {
            self.errors += 1;
            for d in checked.diags.list.iter().take(3) {
                println!("check {path}: {}: {}", checked.sources.show(d.pos), d.text);
            }
        }
        let checked: &'static Checked = Box::leak(Box::new(checked));
        self.done.insert(path.clone(), checked);
        self.order.push(path);
        Some(checked.package)
    }
}

fn std_packages(goroot: &str) -> Vec<String> {
    fn walk(dir: &Path, path: &str, out: &mut Vec<String>) {
        let mut has_go = false;
        for entry in fs::read_dir(dir).unwrap() {
            let entry = entry.unwrap();
            let name = entry.file_name().into_string().unwrap();
            if entry.file_type().unwrap().is_dir() {
                if name != "testdata" && name != "vendor" && name != "cmd" && !name.starts_with(['_', '.']) {
                    let inner = if path.is_empty() { name } else { format!("{path}/{name}") };
                    walk(&entry.path(), &inner, out);
                }
            } else if name.ends_with(".go") && !name.ends_with("_test.go") {
                has_go = true;
            }
        }
        if has_go && !path.is_empty() && path != "builtin" {
            out.push(path.to_owned());
        }
    }
    let mut out = Vec::new();
    walk(&Path::new(goroot).join("src"), "", &mut out);
    out.sort();
    out
}

#[test]
#[ignore = "a tool: takes a GOROOT, and minutes"]
fn lower_std() {
    base::par::on_big_stack(|| {
        let goroot =
            env::var("GOROOT").unwrap_or_else(|_| panic!("GOROOT must say where the standard library is"));
        let target = Target::new("linux", "amd64").unwrap();
        let config = modules::Config {
            goroot: goroot.clone().into(),
            target,
            tags: Vec::new(),
            experiments: overlay::EXPERIMENTS.iter().map(|s| s.to_string()).collect(),
            mod_mode: None,
            modfile: None,
            mod_cache: Default::default(),
            proxy: String::new(),
            overlay: true,
            main_only: false,
            objects: false,
            tests: false,
        };
        let mut loader = Loader {
            goroot: goroot.clone(),
            selection: modules::Selection::new(&config),
            target,
            done: BTreeMap::new(),
            order: Vec::new(),
            errors: 0,
        };
        let wanted = match env::var("LOWER") {
            Ok(list) => list.split(',').map(str::to_owned).collect(),
            Err(_) => std_packages(&goroot),
        };
        for path in &wanted {
            loader.load(path);
        }
        let done: &'static BTreeMap<String, &'static Checked> = Box::leak(Box::new(loader.done.clone()));
        let source_of: &'static dyn Fn(&str) -> Option<&'static Checked> =
            Box::leak(Box::new(move |path: &str| done.get(path).copied()));
        let dump = env::var("LOWER_DUMP").unwrap_or_default();
        let mut failed = BTreeMap::<String, Vec<String>>::new();
        let (mut n_funcs, mut n_insts) = (0, 0);
        for path in &loader.order {
            let checked = done[path];
            if checked.diags.has_errors() {
                continue;
            }
            let result = catch_unwind(AssertUnwindSafe(|| -> ir::Unit {
                let env: &'static lower::Env<'static> = Box::leak(Box::new(lower::Env {
                    target: Box::leak(Box::new(target)),
                    source_of,
                    go_version: (1, 27),
                    embedded: &|_| Vec::new(),
                }));
                lower::lower(checked, env)
            }));
            match result {
                Ok(unit) => {
                    for f in &unit.funcs {
                        n_funcs += 1;
                        n_insts += f.func.insts.len();
                        if *f.func.name == *dump {
                            println!("{}", f.func);
                        }
                        if let Err(faults) = ir::verify(&f.func) {
                            println!("verify {}: {}", f.func.name, faults[0]);
                            failed
                                .entry(format!("verify: {}", faults[0].text))
                                .or_default()
                                .push(f.func.name.to_string());
                        }
                    }
                }
                Err(panic) => {
                    let text = panic
                        .downcast_ref::<String>()
                        .cloned()
                        .or_else(|| panic.downcast_ref::<&str>().map(|s| s.to_string()))
                        .unwrap_or_default();
                    let text: String = text.chars().take(300).collect();
                    failed.entry(text).or_default().push(path.clone());
                }
            }
        }
        for (text, packages) in &failed {
            println!("FAIL {} {:?}: {text}", packages.len(), packages.iter().take(3).collect::<Vec<_>>());
        }
        println!(
            "{} packages, {} with errors, {} kinds of failure, {n_funcs} functions, {n_insts} instructions",
            loader.order.len(),
            loader.errors,
            failed.len()
        );
        assert!(failed.is_empty());
    });
}
