//! The package graph, compared with what the reference `go` says of the same files.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use thermos::base::World;
use thermos::base::world::{DirEntry, FileKind, Stat};
use thermos::modules::{self, Config, Graph, ScanAll};
use thermos::target::Target;

use crate::provision;

#[derive(Clone)]
struct Disk {
    cwd: PathBuf,
}

impl World for Disk {
    fn read(&self, path: &Path) -> io::Result<Arc<[u8]>> {
        fs::read(path).map(Arc::from)
    }

    fn read_dir(&self, path: &Path) -> io::Result<Vec<DirEntry>> {
        let mut out = Vec::new();
        for entry in fs::read_dir(path)? {
            let entry = entry?;
            let kind = match entry.file_type()? {
                k if k.is_dir() => FileKind::Dir,
                k if k.is_file() => FileKind::File,
                k if k.is_symlink() => FileKind::Symlink,
                _ => FileKind::Other,
            };
            out.push(DirEntry { name: entry.file_name().into_string().unwrap(), kind });
        }
        out.sort();
        Ok(out)
    }

    fn stat(&self, path: &Path) -> io::Result<Stat> {
        let meta = fs::metadata(path)?;
        let kind = if meta.is_dir() { FileKind::Dir } else { FileKind::File };
        Ok(Stat { kind, size: meta.len(), mtime_ns: 0, ctime_ns: 0, inode: 0 })
    }

    fn env(&self, _name: &str) -> Option<String> {
        None
    }

    fn cwd(&self) -> PathBuf {
        self.cwd.clone()
    }

    fn handle(&self) -> Arc<dyn World> {
        Arc::new(self.clone())
    }
}

/// Those the reference has on by default.
const EXPERIMENTS: &[&str] = &[
    "regabiwrappers",
    "regabiargs",
    "dwarf5",
    "jsonv2",
    "greenteagc",
    "randomizedheapbase64",
    "sizespecializedmalloc",
];

fn load(goroot: &Path, cwd: &Path, target: &str, patterns: &[&str]) -> Result<Graph, modules::Fatal> {
    let (os, arch) = target.split_once('/').unwrap();
    let config = Config {
        goroot: goroot.to_path_buf(),
        target: Target::new(os, arch).unwrap(),
        tags: Vec::new(),
        experiments: EXPERIMENTS
            .iter()
            .filter(|&&name| name != "dwarf5" || os != "darwin")
            .map(|&name| name.to_owned())
            .collect(),
        mod_mode: None,
        modfile: None,
        mod_cache: cwd.join("modcache"),
        proxy: "off".to_owned(),
        overlay: false,
        main_only: false,
        objects: false,
        tests: false,
    };
    let patterns: Vec<String> = patterns.iter().map(|&p| p.to_owned()).collect();
    modules::load(&config, &patterns, &Disk { cwd: cwd.to_path_buf() }, &ScanAll(thermos::scan::scan))
}

fn go(goroot: &Path, cwd: &Path, target: &str, args: &[&str]) -> std::process::Output {
    let (os, arch) = target.split_once('/').unwrap();
    Command::new(goroot.join("bin/go"))
        .args(args)
        .current_dir(cwd)
        .env_clear()
        .env("HOME", cwd)
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("GOTOOLCHAIN", "local")
        .env("GOPROXY", "off")
        .env("GOENV", "off")
        .env("CGO_ENABLED", "0")
        .env("GOMODCACHE", cwd.join("modcache"))
        .env("GOCACHE", std::env::temp_dir().join("thermos-test-gocache"))
        .env("GOOS", os)
        .env("GOARCH", arch)
        .output()
        .unwrap()
}

#[track_caller]
fn check_std(target: &str) {
    let goroot = provision::goroot().unwrap();
    let cwd = tempfile::tempdir().unwrap();
    let graph = load(&goroot, cwd.path(), target, &["std", "cmd/go", "cmd/compile"]).unwrap();
    let errors: Vec<String> = graph.errors().map(ToString::to_string).collect();
    assert_eq!(errors, [""; 0]);
    let ours: BTreeMap<&str, String> = graph
        .packages
        .iter()
        .map(|p| {
            let files: Vec<&str> = p.files.iter().map(|f| f.name.as_str()).collect();
            let mut imports: Vec<&str> =
                p.imports.values().map(|&id| graph.get(id).import_path.as_str()).collect();
            imports.sort_unstable();
            (p.import_path.as_str(), format!("{} {} {}", p.name, files.join(","), imports.join(",")))
        })
        .collect();
    let format = "{{.ImportPath}} {{.Name}} {{join .GoFiles \",\"}} {{join .Imports \",\"}}";
    let out = go(
        &goroot,
        cwd.path(),
        target,
        &["list", "-pgo=off", "-deps", "-f", format, "std", "cmd/go", "cmd/compile"],
    );
    let out = String::from_utf8(out.stdout).unwrap();
    let theirs: BTreeMap<&str, String> = out
        .lines()
        .map(|line| {
            let (path, rest) = line.split_once(' ').unwrap();
            let (head, imports) = rest.rsplit_once(' ').unwrap();
            let mut imports: Vec<&str> = imports.split(',').filter(|i| !i.is_empty()).collect();
            imports.sort_unstable();
            (path, format!("{head} {}", imports.join(",")))
        })
        .collect();
    for path in theirs.keys().chain(ours.keys()) {
        assert_eq!(ours.get(path), theirs.get(path), "{path}");
    }
}

#[test]
fn std_for_linux_amd64() {
    check_std("linux/amd64");
}

#[test]
fn std_for_windows_arm64() {
    check_std("windows/arm64");
}

#[test]
fn std_for_darwin_arm64() {
    check_std("darwin/arm64");
}

/// A tree: lines `-- name --` begin a file, the first line is the patterns.
#[track_caller]
fn check_errors(tree: &str) {
    let goroot = provision::goroot().unwrap();
    let dir = tempfile::tempdir().unwrap();
    let cwd = fs::canonicalize(dir.path()).unwrap();
    let (patterns, rest) = tree.trim_start().split_once('\n').unwrap();
    let patterns: Vec<&str> = patterns.split_whitespace().collect();
    let mut file: Option<(PathBuf, String)> = None;
    let write = |file: Option<(PathBuf, String)>| {
        if let Some((path, text)) = file {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
    };
    for line in rest.lines() {
        if let Some(name) = line.strip_prefix("-- ").and_then(|l| l.strip_suffix(" --")) {
            write(file.replace((cwd.join(name), String::new())));
        } else if let Some((_, text)) = &mut file {
            text.push_str(line);
            text.push('\n');
        }
    }
    write(file);
    let ours = match load(&goroot, &cwd, "linux/amd64", &patterns) {
        Ok(graph) => {
            let mut lines = graph.warnings.clone();
            lines.extend(graph.errors().map(ToString::to_string));
            lines.join("\n")
        }
        Err(fatal) => fatal.0,
    };
    let args = [&["build", "-o", "/dev/null"][..], &patterns[..]].concat();
    let theirs = String::from_utf8(go(&goroot, &cwd, "linux/amd64", &args).stderr).unwrap();
    let is_message = |line: &&str| !line.starts_with("go: downloading ");
    let theirs: Vec<&str> = theirs.lines().filter(is_message).collect();
    assert_eq!(ours, theirs.join("\n"), "{tree}");
}

macro_rules! errors {
    ($($name:ident $tree:literal)*) => {
        $(#[test] fn $name() { check_errors($tree); })*
    };
}

errors! {
    empty_file ".\n-- go.mod --\nmodule m\n-- a.go --\n"
    no_go_mod ".\n-- a.go --\npackage main\n"
    no_go_mod_wildcard "./...\n-- a.go --\npackage main\n"
    no_go_mod_files "a.go\n-- a.go --\npackage main\nimport \"x.y/z\"\nfunc main() {}\n"
    missing_std "nosuch fmt/nosuch\n-- go.mod --\nmodule m\n"
    missing_module "x.y/z\n-- go.mod --\nmodule m\n"
    missing_dir "./nodir\n-- go.mod --\nmodule m\n"
    missing_file "nofile.go\n-- go.mod --\nmodule m\n"
    missing_dir_wildcard "./nodir/...\n-- go.mod --\nmodule m\n"
    nothing_matched "./...\n-- go.mod --\nmodule m\n-- x.txt --\n"
    path_matched_nothing "m/b/...\n-- go.mod --\nmodule m\n-- x.go --\npackage m\n"
    no_files_here ".\n-- go.mod --\nmodule m\n"
    only_tests_wildcard "./...\n-- go.mod --\nmodule m\n-- a_test.go --\npackage m\n"
    excluded ".\n-- go.mod --\nmodule m\n-- a_windows.go --\npackage m\n"
    excluded_import ".\n-- go.mod --\nmodule m\n-- a.go --\npackage m\nimport _ \"m/b\"\n-- b/b_windows.go --\npackage b\n"
    empty_import ".\n-- go.mod --\nmodule m\n-- a.go --\npackage m\nimport _ \"m/b\"\n-- b/b.txt --\n"
    two_packages ".\n-- go.mod --\nmodule m\n-- a.go --\npackage a\n-- b.go --\npackage b\n"
    two_packages_import ".\n-- go.mod --\nmodule m\n-- a.go --\npackage m\nimport _ \"m/b\"\n-- b/a.go --\npackage a\n-- b/b.go --\npackage b\n"
    cycle "./a\n-- go.mod --\nmodule m\n-- a/a.go --\npackage a\nimport _ \"m/b\"\n-- b/b.go --\npackage b\nimport _ \"m/a\"\n"
    self_import ".\n-- go.mod --\nmodule m\n-- a.go --\npackage m\nimport _ \"m\"\n"
    internal_std ".\n-- go.mod --\nmodule m\n-- a.go --\npackage m\nimport _ \"internal/abi\"\n"
    internal_other ".\n-- go.mod --\nmodule m\n-- a.go --\npackage m\nimport _ \"m/b/internal/c\"\n-- b/internal/c/c.go --\npackage c\n"
    program_imported "./a\n-- go.mod --\nmodule m\n-- a/a.go --\npackage a\nimport _ \"m/b\"\n-- b/b.go --\npackage main\nfunc main() {}\n"
    relative_import ".\n-- go.mod --\nmodule m\n-- a.go --\npackage m\nimport _ \"./b\"\n"
    bad_import ".\n-- go.mod --\nmodule m\n-- a.go --\npackage m\nimport _ \"a b\"\n"
    syntax_in_import ".\n-- go.mod --\nmodule m\n-- a.go --\npackage m\nimport _ \"m/b\"\n-- b/b.go --\npackage\n"
    syntax_in_imports ".\n-- go.mod --\nmodule m\n-- a.go --\npackage m\nimport (\"a\" \"b\")\n"
    bad_constraint ".\n-- go.mod --\nmodule m\n-- a.go --\n//go:build (\n\npackage m\n"
    bad_constraint_import ".\n-- go.mod --\nmodule m\n-- a.go --\npackage m\nimport _ \"m/b\"\n-- b/b.go --\n//go:build (\n\npackage b\n"
    embed_nothing ".\n-- go.mod --\nmodule m\n-- a.go --\npackage m\nimport _ \"embed\"\n//go:embed x.txt\nvar s string\n"
    embed_bad_pattern ".\n-- go.mod --\nmodule m\n-- a.go --\npackage m\nimport _ \"embed\"\n//go:embed ../x.txt\nvar s string\n"
    embed_empty_dir ".\n-- go.mod --\nmodule m\n-- a.go --\npackage m\nimport \"embed\"\n//go:embed d\nvar s embed.FS\n-- d/.x --\n"
    embed_module ".\n-- go.mod --\nmodule m\n-- a.go --\npackage m\nimport \"embed\"\n//go:embed d\nvar s embed.FS\n-- d/go.mod --\nmodule d\n"
    two_dirs "a/a.go b/b.go\n-- go.mod --\nmodule m\n-- a/a.go --\npackage a\n-- b/b.go --\npackage b\n"
    not_a_go_file "a/a.go x.txt\n-- go.mod --\nmodule m\n-- a/a.go --\npackage a\n-- x.txt --\n"
    go_mod_unknown ".\n-- go.mod --\nmodule m\nbogus x\nfoo\n-- a.go --\npackage m\n"
    go_mod_no_module ".\n-- go.mod --\ngo 1.21\n-- a.go --\npackage m\n"
    go_mod_too_new ".\n-- go.mod --\nmodule m\ngo 1.99\n-- a.go --\npackage m\n"
    go_mod_bad_version ".\n-- go.mod --\nmodule m\ngo 1.x\n-- a.go --\npackage m\n"
    go_mod_bad_require ".\n-- go.mod --\nmodule m\ngo 1.21\nrequire x\nrequire x.y/z v1\nrequire x.y/z v2.0.0\nrequire (\n-- a.go --\npackage m\n"
    go_mod_bad_requires ".\n-- go.mod --\nmodule m\ngo 1.21\nrequire x\nrequire x.y/z v2.0.0\nreplace a => b\nreplace a => ./b v1.0.0\nfoo (\n)\n-- a.go --\npackage m\n"
    go_mod_block_comment ".\n-- go.mod --\nmodule m /* x */\n-- a.go --\npackage m\n"
    missing_sum ".\n-- go.mod --\nmodule m\ngo 1.21\nrequire x.y/z v1.0.0\n-- a.go --\npackage m\nimport _ \"x.y/z\"\n"
    not_cached ".\n-- go.mod --\nmodule m\ngo 1.21\nrequire x.y/z v1.0.0\n-- go.sum --\nx.y/z v1.0.0 h1:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\nx.y/z v1.0.0/go.mod h1:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n-- a.go --\npackage m\nimport _ \"x.y/z\"\n"
    replaced ".\n-- go.mod --\nmodule m\ngo 1.21\nrequire x.y/z v1.0.0\nreplace x.y/z => ./z\n-- a.go --\npackage m\nimport _ \"x.y/z/w\"\n-- z/go.mod --\nmodule x.y/z\n-- z/z.go --\npackage z\n"
    replaced_not_required ".\n-- go.mod --\nmodule m\ngo 1.21\nreplace x.y/z => ./z\n-- a.go --\npackage m\nimport _ \"x.y/z\"\n-- z/go.mod --\nmodule x.y/z\n-- z/z.go --\npackage z\n"
    replaced_missing_dir ".\n-- go.mod --\nmodule m\ngo 1.21\nrequire x.y/z v1.0.0\nreplace x.y/z => ./z\n-- a.go --\npackage m\nimport _ \"x.y/z\"\n"
    vendor_inconsistent ".\n-- go.mod --\nmodule m\ngo 1.21\nrequire x.y/z v1.0.0\n-- a.go --\npackage m\n-- vendor/modules.txt --\n# a.b/c v1.0.0\n## explicit\na.b/c\n"
    vendor_missing ".\n-- go.mod --\nmodule m\ngo 1.21\nrequire x.y/z v1.0.0\n-- a.go --\npackage m\nimport _ \"x.y/w\"\nimport _ \"nosuch\"\n-- vendor/modules.txt --\n# x.y/z v1.0.0\n## explicit\nx.y/z\n-- vendor/x.y/z/z.go --\npackage z\n"
    vendor_import ".\n-- go.mod --\nmodule m\ngo 1.21\n-- a.go --\npackage m\nimport _ \"vendor/golang.org/x/net/dns/dnsmessage\"\n"
    outside "..\n-- go.mod --\nmodule m\n-- a.go --\npackage m\n"
    missing_in_main ".\n-- go.mod --\nmodule m.x/y\n-- a.go --\npackage m\nimport _ \"m.x/y/z\"\nimport _ \"m.x/z\"\n"
    case_collision ".\n-- go.mod --\nmodule m.x\n-- a.go --\npackage m\nimport _ \"m.x/b\"\nimport _ \"m.x/B\"\n-- b/b.go --\npackage b\n-- B/b.go --\npackage b\n"
    meta_import ".\n-- go.mod --\nmodule m.x\n-- a.go --\npackage m\nimport _ \"all\"\nimport _ \"x@v1\"\n"
    unreadable_name ".\n-- go.mod --\nmodule m.x\n-- a.go --\npackage m\nimport _ \"C\"\n"
}
