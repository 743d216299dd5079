//! Small worlds and what is found in them.

use std::path::PathBuf;

use super::{Config, Graph, ScanAll, load};
use crate::base::world::MemoryWorld;
use crate::syntax::{FileFacts, Import, Place, constraint};
use crate::target::Target;

/// A stand-in for `scan`, which is on our floor: one import a line.
fn facts(text: &[u8]) -> FileFacts {
    let text_str = String::from_utf8_lossy(text);
    let mut facts = FileFacts { header: constraint::header(text), ..FileFacts::default() };
    for (n, line) in text_str.lines().enumerate() {
        if let Some(name) = line.strip_prefix("package ") {
            facts.package = name.trim().to_owned();
        }
        if let Some(path) = line.strip_prefix("import \"") {
            let at = Place { line: n as u32 + 1, column: 8 };
            let path = path.trim_end_matches('"').to_owned();
            facts.imports.push(Import { path, local: None, at });
        }
    }
    facts
}

fn world() -> MemoryWorld {
    MemoryWorld::new("/m")
        .file("/go/src/runtime/r.go", "package runtime\n")
        .file("/go/src/fmt/f.go", "package fmt\nimport \"runtime\"\n")
        .file("/go/src/internal/x/x.go", "package x\n")
}

fn config() -> Config {
    Config {
        goroot: PathBuf::from("/go"),
        target: Target::new("linux", "amd64").expect("a pair that Go knows"),
        tags: Vec::new(),
        experiments: Vec::new(),
        mod_mode: None,
        modfile: None,
        mod_cache: PathBuf::from("/cache"),
        proxy: "off".to_owned(),
        overlay: false,
        main_only: false,
        objects: false,
        tests: false,
    }
}

fn load_in(world: &MemoryWorld, patterns: &[&str]) -> Graph {
    let patterns: Vec<String> = patterns.iter().map(|&p| p.to_owned()).collect();
    load(&config(), &patterns, world, &ScanAll(facts)).expect("the module is sound")
}

#[track_caller]
fn check_errors(world: MemoryWorld, patterns: &[&str], expected: &[&str]) {
    let graph = load_in(&world, patterns);
    let errors: Vec<String> = graph.errors().map(ToString::to_string).collect();
    assert_eq!(errors, expected);
}

#[test]
fn dependencies_come_first() {
    let world = world()
        .file("go.mod", "module a.b/m\n\ngo 1.27\n")
        .file("main.go", "package main\nimport \"fmt\"\nimport \"a.b/m/lib\"\n")
        .file("main_windows.go", "package main\nimport \"nosuch\"\n")
        .file("main_test.go", "package main\nimport \"nosuch\"\n")
        .file("lib/lib.go", "package lib\n");
    let graph = load_in(&world, &["."]);
    let paths: Vec<&str> = graph.packages.iter().map(|p| p.import_path.as_str()).collect();
    assert_eq!(paths, ["a.b/m/lib", "runtime", "fmt", "a.b/m"]);
    let main = graph.get(graph.roots[0]);
    assert_eq!(main.ignored_files, ["main_windows.go"]);
    assert_eq!(main.test_files, ["main_test.go"]);
    assert_eq!(main.go_version, "go1.27");
    assert_eq!(main.default_exec_name(), "m");
    assert_eq!(graph.errors().count(), 0);
}

#[test]
fn cycles_show_their_way() {
    let world = world()
        .file("go.mod", "module m.x\n")
        .file("a/a.go", "package a\nimport \"m.x/b\"\n")
        .file("b/b.go", "package b\nimport \"m.x/a\"\n");
    check_errors(
        world,
        &["./a"],
        &["package m.x/a\n\timports m.x/b from a.go\n\timports m.x/a from b.go: import cycle not allowed"],
    );
}

#[test]
fn missing_packages_are_told_where_they_are_imported() {
    let world = world()
        .file("go.mod", "module m.x\n")
        .file("a.go", "package m\nimport \"nosuch\"\nimport \"x.y/z\"\nimport \"internal/x\"\n");
    check_errors(
        world,
        &[],
        &[
            "a.go:2:8: package nosuch is not in std (/go/src/nosuch)",
            "a.go:3:8: no required module provides package x.y/z; to add it:\n\tgo get x.y/z",
            "package m.x\n\ta.go:4:8: use of internal package internal/x not allowed",
        ],
    );
}

#[test]
fn directories_without_packages() {
    let world = world()
        .file("go.mod", "module m.x\n")
        .dir("empty")
        .file("two/a.go", "package a\n")
        .file("two/b.go", "package b\n")
        .file("win/a.go", "//go:build windows\n\npackage win\n");
    check_errors(
        world,
        &["./empty", "./two", "./win", "./nodir"],
        &[
            "no Go files in /m/empty",
            "found packages a (a.go) and b (b.go) in /m/two",
            "package m.x/win: build constraints exclude all Go files in /m/win",
            "stat /m/nodir: directory not found",
        ],
    );
}

#[test]
fn modules_come_from_replacements_and_the_cache() {
    let world = world()
        .file(
            "go.mod",
            "module m.x\n\ngo 1.21\n\nrequire (\n\tl.o/cal v1.0.0\n\tc.a/Ched v1.2.0\n)\n\nreplace l.o/cal => ../local\n",
        )
        .file("go.sum", "c.a/Ched v1.2.0 h1:x=\nc.a/Ched v1.2.0/go.mod h1:y=\n")
        .file("a.go", "package m\nimport \"l.o/cal/p\"\nimport \"c.a/Ched\"\n")
        .file("/local/go.mod", "module l.o/cal\n\ngo 1.20\n")
        .file("/local/p/p.go", "package p\n")
        .file("/cache/c.a/!ched@v1.2.0/c.go", "package ched\n");
    let graph = load_in(&world, &[]);
    assert_eq!(graph.errors().count(), 0, "{:?}", graph.errors().next());
    let versions: Vec<(&str, &str)> =
        graph.packages.iter().map(|p| (p.import_path.as_str(), p.go_version.as_str())).collect();
    assert_eq!(versions, [("c.a/Ched", "go1.16"), ("l.o/cal/p", "go1.20"), ("m.x", "go1.21")]);
}

#[test]
fn missing_sums_are_told() {
    let world = world()
        .file("go.mod", "module m.x\n\ngo 1.21\n\nrequire c.a/x v1.0.0\n")
        .file("a.go", "package m\nimport \"c.a/x\"\n");
    check_errors(
        world,
        &[],
        &[
            "a.go:2:8: missing go.sum entry for module providing package c.a/x (imported by m.x); to add:\n\tgo get m.x",
        ],
    );
}

#[test]
fn vendored_packages_are_found() {
    let world = world()
        .file("go.mod", "module m.x\n\ngo 1.21\n\nrequire c.a/x v1.0.0\n")
        .file("vendor/modules.txt", "# c.a/x v1.0.0\n## explicit; go 1.19\nc.a/x\n")
        .file("vendor/c.a/x/x.go", "package x\n")
        .file("a.go", "package m\nimport \"c.a/x\"\n");
    let graph = load_in(&world, &["./..."]);
    assert_eq!(graph.errors().count(), 0, "{:?}", graph.errors().next());
    assert_eq!(graph.packages[0].go_version, "go1.19");
    assert_eq!(graph.roots.len(), 1);
}

#[test]
fn malformed_go_mod_stops_all() {
    let world = world().file("go.mod", "module m.x\n\ngo 1.21\nbogus x\n");
    let fatal = load(&config(), &[], &world, &ScanAll(facts)).unwrap_err();
    assert_eq!(fatal.0, "go: errors parsing go.mod:\ngo.mod:4: unknown directive: bogus");
    let world = super::tests::world().file("go.mod", "module m.x\n\ngo 1.99\n");
    let fatal = load(&config(), &[], &world, &ScanAll(facts)).unwrap_err();
    assert_eq!(fatal.0, "go: go.mod requires go >= 1.99 (running go 1.27.3; GOTOOLCHAIN=local)");
}

#[test]
fn patterns_walk_the_module() {
    let world = world()
        .file("go.mod", "module m.x\n")
        .file("a.go", "package m\n")
        .file("b/b.go", "package b\n")
        .file("b/testdata/x.go", "package x\n")
        .file("_c/c.go", "package c\n")
        .file("sub/go.mod", "module s\n")
        .file("sub/s.go", "package s\n")
        .file("win/w_windows.go", "package win\n");
    let roots = |patterns: &[&str]| -> Vec<String> {
        let graph = load_in(&world, patterns);
        graph.roots.iter().map(|&id| graph.get(id).import_path.clone()).collect()
    };
    assert_eq!(roots(&["./..."]), ["m.x", "m.x/b"]);
    assert_eq!(roots(&["m.x/..."]), ["m.x", "m.x/b"]);
    assert_eq!(roots(&["std"]), ["fmt", "internal/x", "runtime"]);
    assert_eq!(roots(&["fmt", "./b"]), ["fmt", "m.x/b"]);
}

#[test]
fn files_by_name_ignore_constraints() {
    let world =
        world().file("go.mod", "module m.x\n").file("x_windows.go", "//go:build windows\n\npackage main\n");
    let graph = load_in(&world, &["x_windows.go"]);
    let package = graph.get(graph.roots[0]);
    assert_eq!(package.import_path, "command-line-arguments");
    assert_eq!(package.files.len(), 1);
    assert_eq!(package.default_exec_name(), "x_windows");
}
