//! The real standard library: every file of it parses, and every edit of the overlay finds what it edits.

use std::fs;
use std::path::{Path, PathBuf};

use thermos::base::{FileId, Sources};
use thermos::{overlay, syntax};

use crate::provision;

#[test]
fn the_standard_library_parses() {
    let (mut n_files, mut bad) = (0, Vec::new());
    for path in go_files(&provision::goroot().unwrap().join("src")) {
        let text = fs::read(&path).expect("a Go file");
        let parsed = syntax::parse(FileId(0), &path.display().to_string(), &text);
        n_files += 1;
        if let Some(d) = parsed.diags.list.first() {
            let mut sources = Sources::default();
            sources.add(parsed.source);
            bad.push(format!("{}: {}", sources.show(d.pos), d.text));
        }
    }
    assert!(n_files > 5000, "only {n_files} files were found");
    assert!(bad.is_empty(), "{} of {n_files} files:\n{}", bad.len(), bad.join("\n"));
}

/// Every Go file below `dir`, test data left out.
fn go_files(dir: &Path) -> Vec<PathBuf> {
    let mut out = Vec::new();
    for entry in fs::read_dir(dir).expect("a directory of the Go tree") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            if path.file_name().is_some_and(|name| name != "testdata") {
                out.extend(go_files(&path));
            }
        } else if path.extension().is_some_and(|end| end == "go") {
            out.push(path);
        }
    }
    out
}

#[test]
fn every_edit_of_the_overlay_fits() {
    let goroot = provision::goroot().unwrap();
    let mut n_edited = 0;
    for rules in overlay::RULES {
        let dir = goroot.join("src").join(rules.import_path);
        for edit in rules.edits {
            let text = fs::read_to_string(dir.join(edit.file())).unwrap();
            overlay::patch(rules.import_path, edit.file(), &text).unwrap();
            n_edited += 1;
        }
        for file in rules.drop_files.iter().chain(rules.add_files) {
            assert!(dir.join(file).is_file(), "{}/{file}", rules.import_path);
        }
    }
    assert!(n_edited > 0);
}
