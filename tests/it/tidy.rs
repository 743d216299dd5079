//! Checks on the source tree itself: what `rustc` cannot say about it.

use std::collections::BTreeSet;
use std::{fs, path::Path};

/// Every room of `src/`, ground floor first. A room may name rooms on lower
/// floors only; rooms on one floor do not know of each other.
const FLOORS: &[&[&str]] = &[
    &["base"],
    &["syntax", "target", "overlay", "store"],
    &["types", "object", "engine"],
    &["ir"],
    &["modules", "scan", "check", "lower", "optimize", "codegen", "vet", "link"],
    &["build"],
    &["cli"],
];

#[test]
fn rooms_only_look_down() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let floor_of = |room: &str| FLOORS.iter().position(|floor| floor.contains(&room));
    let on_disk: BTreeSet<String> = rooms_on_disk(&src);
    let listed: BTreeSet<String> = FLOORS.iter().copied().flatten().map(|r| r.to_string()).collect();
    assert!(
        on_disk.is_subset(&listed),
        "FLOORS must list every room in src/: {:?}",
        on_disk.difference(&listed)
    );

    let mut problems = Vec::new();
    for room in &on_disk {
        let here = floor_of(room).unwrap();
        for (path, text) in rust_files(&src.join(room)) {
            if text.contains("super::super") {
                problems.push(format!("{path}: write `crate::{room}::…` instead of `super::super`"));
            }
            for named in rooms_named(&text) {
                let Some(there) = floor_of(&named) else { continue };
                if named != *room && there >= here {
                    problems.push(format!("{path}: `{room}` (floor {here}) names `{named}` (floor {there})"));
                }
            }
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

/// First segments of every `crate::…` path in `text`, comments aside.
fn rooms_named(text: &str) -> BTreeSet<String> {
    let code: String = text.lines().map(|l| l.split("//").next().unwrap()).collect::<Vec<_>>().join("\n");
    let mut out = BTreeSet::new();
    for (at, _) in code.match_indices("crate::") {
        let rest = &code[at + "crate::".len()..];
        match rest.strip_prefix('{') {
            Some(group) => {
                let (mut depth, mut start) = (0, 0);
                for (i, c) in group.char_indices() {
                    match c {
                        '{' => depth += 1,
                        '}' if depth == 0 => {
                            out.insert(ident(&group[start..i]));
                            break;
                        }
                        '}' => depth -= 1,
                        ',' if depth == 0 => {
                            out.insert(ident(&group[start..i]));
                            start = i + 1
                        }
                        _ => (),
                    }
                }
            }
            None => {
                out.insert(ident(rest));
            }
        }
    }
    out
}

fn ident(s: &str) -> String {
    s.trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

fn rooms_on_disk(src: &Path) -> BTreeSet<String> {
    fs::read_dir(src)
        .unwrap()
        .map(|e| e.unwrap().path())
        .filter(|p| p.is_dir())
        .map(|p| p.file_name().unwrap().to_str().unwrap().to_owned())
        .collect()
}

fn rust_files(dir: &Path) -> Vec<(String, String)> {
    let mut out = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            out.extend(rust_files(&path))
        } else if path.extension().is_some_and(|e| e == "rs") {
            out.push((path.display().to_string(), fs::read_to_string(&path).unwrap()));
        }
    }
    out
}
