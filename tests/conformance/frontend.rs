//! Cases of golang's directory that are only compiled: by our front end in this process, by the reference with `go tool
//! compile` when a ledger is made.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use thermos::base::{Diagnostics, FileId, Severity, Sources, par::on_big_stack};
use thermos::check::{self, GoVersion, Options};
use thermos::types::{Checked, PkgRef};
use thermos::{lower, syntax, target};

use crate::command::{reference, run, suite_dir};
use crate::golang::{Case, Package};
use crate::library::{Library, TARGET};

/// What a compiler says about one package: messages as `file.go:3: text`, continuations behind a newline and a tab.
pub struct Said {
    pub lines: Vec<String>,
    pub ok: bool,
}

/// Compiles every case on all processors; results by case.
pub fn each<R: Send>(goroot: &Path, cases: &[Case], work: impl Fn(&Case, &Library) -> R + Sync) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let results: Mutex<Vec<Option<R>>> = Mutex::new(cases.iter().map(|_| None).collect());
    let threads = std::thread::available_parallelism().map_or(1, |n| n.get());
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                on_big_stack(|| {
                    let library = Library::new(goroot);
                    loop {
                        let i = next.fetch_add(1, Ordering::Relaxed);
                        let Some(case) = cases.get(i) else { break };
                        let result = work(case, &library);
                        results.lock().expect("nobody panics with it")[i] = Some(result);
                    }
                });
            });
        }
    });
    let results = results.into_inner().expect("nobody panics with it");
    results.into_iter().map(|r| r.expect("every case was taken")).collect()
}

/// Compiles the packages of a case one after the other, until one fails. With `lowered`, as far as our own IR.
pub fn ours(case: &Case, library: &Library, lowered: bool) -> Vec<Said> {
    let packages = case.packages();
    let mut before: HashMap<String, &'static Checked> = HashMap::new();
    let mut out = Vec::new();
    for package in &packages {
        let compiled = catch_unwind(AssertUnwindSafe(|| compile(case, package, library, &before, lowered)));
        let said = match compiled {
            Ok((said, checked)) => {
                before.insert(format!("test/{}", package.stem), checked);
                said
            }
            Err(why) => {
                let why = why.downcast_ref::<String>().map_or("panic", |s| s.as_str());
                Said {
                    lines: vec![format!("internal error: {}", why.lines().next().unwrap_or(""))],
                    ok: false,
                }
            }
        };
        let ok = said.ok;
        out.push(said);
        if !ok {
            break;
        }
    }
    out
}

fn compile(
    case: &Case,
    package: &Package,
    library: &Library,
    before: &HashMap<String, &'static Checked>,
    lowered: bool,
) -> (Said, &'static Checked) {
    let (mut sources, mut files, mut parser) = (Sources::default(), Vec::new(), Diagnostics::default());
    for (i, path) in package.files.iter().enumerate() {
        let name = path.file_name().expect("a file's name").to_string_lossy();
        let text = std::fs::read(path).expect("the unpacked suite");
        let parsed = syntax::parse(FileId(i as u32), &name, &text);
        sources.add(parsed.source);
        files.push(parsed.file);
        parser.extend(parsed.diags);
    }
    let importer = |path: &str| -> Result<PkgRef, String> {
        let path = match path.strip_prefix("./") {
            Some(stem) => &format!("test/{stem}"),
            None => path,
        };
        match before.get(path) {
            Some(checked) => Ok(checked.package),
            None => library.import(path),
        }
    };
    // gc asks for bodies only when it is told that a package has no assembly.
    let complete = case.args.iter().any(|a| a == "-complete");
    let options = Options { allows_missing_bodies: !complete, ..Options::default() };
    let version = GoVersion::parse(case.lang().unwrap_or("go1.27"));
    let path = match (&*package.name, &*package.stem) {
        ("main", _) => "main".to_owned(),
        (name, "") => name.to_owned(),
        (_, stem) => format!("test/{stem}"),
    };
    let mut checked = library.check(&path, files, sources, version, options, &importer);
    let found = std::mem::take(&mut checked.diags);
    checked.diags = check::with_parser_messages(parser, found, &checked.sources);
    let checked: &'static Checked = Box::leak(Box::new(checked));
    let lines = messages(checked);
    let ok = !checked.diags.has_errors();
    if ok && lowered {
        let source_of = |path: &str| before.get(path).copied().or_else(|| library.source_of(path));
        let target = target::Target::new(TARGET.goos, TARGET.goarch).expect("a known target");
        let env = lower::Env {
            target: &target,
            source_of: &source_of,
            go_version: (1, 27),
            embedded: &|_| Vec::new(),
        };
        lower::lower(checked, &env);
    }
    (Said { lines, ok }, checked)
}

fn messages(checked: &Checked) -> Vec<String> {
    // Without columns, as with gc's -C.
    let show = |pos| without_column(&checked.sources.show(pos)).to_owned();
    let errors = checked.diags.list.iter().filter(|d| d.severity != Severity::Warning);
    let wanted = errors.filter(|d| d.text != "too many errors");
    wanted
        .map(|d| {
            let mut line = format!("{}: {}", show(d.pos), d.text);
            for (pos, text) in &d.related {
                _ = write!(line, "\n\t{}: {text}", show(*pos));
            }
            plain_places(&line)
        })
        .collect()
}

fn without_column(place: &str) -> &str {
    match place.rfind(':') {
        Some(at) if place[..at].contains(':') => &place[..at],
        _ => place,
    }
}

/// Places inside a text are marked, for a command line that shows them relative to a directory.
fn plain_places(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, marked)) = rest.split_once(check::PLACE_BEGINS) {
        let (place, after) = marked.split_once(check::PLACE_ENDS).expect("a place ends");
        out.push_str(before);
        out.push_str(without_column(place));
        rest = after;
    }
    out + rest
}

/// As [`ours`], by the reference's compiler.
pub fn theirs(case: &Case, goroot: &Path) -> Vec<Said> {
    let limit = Duration::from_secs(120);
    let dir = tempfile::tempdir_in(suite_dir()).expect("a writable target directory");
    let packages = case.packages();
    let mut config = exports(goroot, &packages);
    let mut out = Vec::new();
    for package in &packages {
        let object = dir.path().join(format!("{}.a", package.stem));
        std::fs::write(dir.path().join("importcfg"), &config).expect("a writable directory");
        let path = match (&*package.name, &*package.stem) {
            ("main", _) => "main".to_owned(),
            (name, "") => name.to_owned(),
            (_, stem) => format!("test/{stem}"),
        };
        let mut command = Command::new(goroot.join("pkg/tool/linux_amd64/compile"));
        command.args(["-p", &path, "-D", "test", "-C", "-e", "-importcfg"]).arg(dir.path().join("importcfg"));
        command.arg("-o").arg(&object);
        command.args(case.args.iter().filter(|a| a.starts_with('-') && !matches!(&***a, "-0" | "-s" | "-t")));
        let ran = run(command.args(&package.files).current_dir(dir.path()), limit);
        let text = String::from_utf8_lossy(&[&ran.stdout[..], &ran.stderr[..]].concat()).into_owned();
        let mut lines: Vec<String> = Vec::new();
        for line in text.lines().filter(|l| !l.is_empty()) {
            match lines.last_mut() {
                Some(last) if line.starts_with('\t') => _ = write!(last, "\n{line}"),
                _ => lines.push(strip_dir(line, package)),
            }
        }
        _ = writeln!(config, "packagefile {path}={}", object.display());
        out.push(Said { lines, ok: ran.success() });
        if !ran.success() {
            break;
        }
    }
    out
}

fn strip_dir(line: &str, package: &Package) -> String {
    let dir = package.files[0].parent().expect("files are somewhere").display().to_string();
    line.replace(&format!("{dir}/"), "")
}

/// The importcfg lines of the library's packages that a case needs.
fn exports(goroot: &Path, packages: &[Package]) -> String {
    let mut imports = Vec::new();
    for file in packages.iter().flat_map(|p| &p.files) {
        let text = std::fs::read(file).expect("the unpacked suite");
        let parsed = syntax::parse(FileId(0), "x.go", &text);
        imports.extend(parsed.file.imports().map(|i| i.path.to_string()));
    }
    imports.retain(|path| path != "unsafe" && path != "C" && !path.contains('.') && !path.is_empty());
    imports.sort();
    imports.dedup();
    if imports.is_empty() {
        return String::new();
    }
    let format = "{{if .Export}}packagefile {{.ImportPath}}={{.Export}}{{end}}";
    let mut list = reference(goroot);
    list.args(["list", "-e", "-export", "-deps", "-f", format])
        .args(&imports)
        .current_dir(goroot.join("src"));
    String::from_utf8_lossy(&run(&mut list, Duration::from_secs(300)).stdout).into_owned()
}
