//! `internal/types/testdata`: every file (or directory) is a package whose errors stand in its comments.
//!
//! A comment `/* ERROR "text" */` or `// ERRORx "regular expression"` belongs to the token before it: an error whose
//! words contain the text (or match the expression) must be reported on that line, near that column, and no other.
//! `ONLY=issue4` runs the files whose names contain the text and prints what is wrong with them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use thermos::base::{FileId, Sources, par::on_big_stack};
use thermos::check::{GoVersion, Options};
use thermos::syntax;

use crate::ledger::{Ledger, Outcome};
use crate::library::{Library, TARGET};
use crate::select;

/// Directories below testdata, and how many columns an error may be away from its comment's token there.
const DIRS: &[(&str, u32)] = &[("check", 50), ("spec", 20), ("examples", 125), ("fixedbugs", 100)];

pub fn check(goroot: &Path) -> Result<String, String> {
    let goroot = goroot.to_owned();
    let outcomes = on_big_stack(move || {
        let only = std::env::var("ONLY").ok();
        let library = Library::new(&goroot);
        let mut outcomes = BTreeMap::new();
        for &(dir, tolerance) in DIRS {
            for path in listed(&goroot.join("src/internal/types/testdata").join(dir)) {
                let name = format!("{dir}/{}", path.file_name().unwrap().to_str().unwrap());
                if only.as_ref().is_some_and(|o| !name.contains(o.as_str())) {
                    continue;
                }
                if only.is_some() {
                    println!("== {name}");
                }
                let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                    run(&path, tolerance, &library)
                }));
                let problems = match caught {
                    Ok(Some(problems)) => problems,
                    Ok(None) => {
                        outcomes.insert(name, Outcome::Skip("left out by build constraints".to_owned()));
                        continue;
                    }
                    Err(_) => vec!["panic".to_owned()],
                };
                if only.is_some() {
                    problems.iter().for_each(|p| println!("  {p}"));
                }
                let outcome = match problems.first() {
                    None => Outcome::Pass,
                    Some(first) => {
                        Outcome::Fail(format!("{} problems, {}", problems.len(), first.replace('\n', " ")))
                    }
                };
                outcomes.insert(name, outcome);
            }
        }
        outcomes
    });
    Ledger::new("types", "internal/types/testdata: files with exactly the errors they ask for")
        .settle(&outcomes)
}

fn listed(dir: &Path) -> Vec<PathBuf> {
    let mut out: Vec<PathBuf> = std::fs::read_dir(dir).unwrap().map(|e| e.unwrap().path()).collect();
    out.sort();
    out
}

/// What is wrong with a case; None: not for this target.
fn run(path: &Path, tolerance: u32, library: &Library) -> Option<Vec<String>> {
    let paths = if path.is_dir() { listed(path) } else { vec![path.to_owned()] };
    let texts: Vec<(String, Vec<u8>)> = paths
        .iter()
        .map(|p| (p.file_name().unwrap().to_str().unwrap().to_owned(), std::fs::read(p).unwrap()))
        .filter(|(_, text)| select::fits(text, &TARGET))
        .collect();
    let (_, first) = texts.first()?;
    let flags = flags(first);
    let mut got: Vec<(usize, u32, u32, String)> = Vec::new();
    let (mut sources, mut files) = (Sources::default(), Vec::new());
    for (i, (name, text)) in texts.iter().enumerate() {
        let parsed = syntax::parse(FileId(i as u32), name, text);
        sources.add(parsed.source);
        got.extend(parsed.diags.list.iter().map(|d| place(&sources, d)));
        files.push(parsed.file);
    }
    let options = Options {
        test_builtins: true,
        raw_diagnostics: true,
        allows_missing_bodies: true,
        fake_import_c: flags.fake_import_c,
        ..Options::default()
    };
    let name = files[0].package.name.to_string();
    let checked = library.check(&name, files, sources, flags.lang, options, &|path| library.import(path));
    got.extend(checked.diags.list.iter().map(|d| place(&checked.sources, d)));
    Some(compare(&texts, got, tolerance))
}

fn place(sources: &Sources, d: &thermos::base::Diagnostic) -> (usize, u32, u32, String) {
    if d.pos.is_none() {
        return (0, 0, 0, d.text.clone());
    }
    let (line, column) = sources.get(d.pos.file).line_column(d.pos.offset);
    (d.pos.file.0 as usize, line, column, d.text.clone())
}

#[derive(Default)]
struct Flags {
    lang: Option<GoVersion>,
    fake_import_c: bool,
}

/// Flags in a first line like `// -lang=go1.17`.
fn flags(text: &[u8]) -> Flags {
    let mut flags = Flags::default();
    let line = String::from_utf8_lossy(text.split(|b| *b == b'\n').next().unwrap_or(b"")).into_owned();
    let Some(rest) = line.strip_prefix("//").map(str::trim_start).filter(|r| r.starts_with('-')) else {
        return flags;
    };
    for word in rest.split_whitespace() {
        match word.split_once('=') {
            Some(("-lang", version)) => flags.lang = GoVersion::parse(version),
            _ if word == "-fakeImportC" => flags.fake_import_c = true,
            _ => (),
        }
    }
    flags
}

/// What a comment asks for.
struct Wanted {
    column: u32,
    text: String,
    pattern: Option<regex::Regex>,
}

fn compare(texts: &[(String, Vec<u8>)], got: Vec<(usize, u32, u32, String)>, tolerance: u32) -> Vec<String> {
    let mut problems = Vec::new();
    let mut wanted: BTreeMap<(usize, u32), Vec<Wanted>> = BTreeMap::new();
    for (i, (name, text)) in texts.iter().enumerate() {
        for (line, column, comment) in comments(text) {
            match parse_comment(&comment) {
                Some((text, pattern)) => {
                    wanted.entry((i, line)).or_default().push(Wanted { column, text, pattern });
                }
                None => problems.push(format!("{name}:{line}: bad comment {comment}")),
            }
        }
    }
    for (file, line, column, text) in got {
        let here = format!("{}:{line}:{column}", texts[file].0);
        let list = wanted.entry((file, line)).or_default();
        let matching = list.iter().enumerate().filter(|(_, w)| match &w.pattern {
            Some(pattern) => pattern.is_match(&text),
            None => text.contains(&w.text),
        });
        match matching.min_by_key(|(_, w)| w.column.abs_diff(column)).map(|(i, _)| i) {
            None => problems.push(format!("{here}: not expected: {text}")),
            Some(i) => {
                let want = list.remove(i);
                if want.column.abs_diff(column) > tolerance {
                    problems.push(format!("{here}: expected at column {}: {text}", want.column));
                }
            }
        }
    }
    for ((file, line), list) in wanted {
        for want in list {
            problems.push(format!("{}:{line}:{}: not reported: {}", texts[file].0, want.column, want.text));
        }
    }
    problems
}

fn parse_comment(comment: &str) -> Option<(String, Option<regex::Regex>)> {
    let (rest, is_pattern) = match comment.strip_prefix(" ERRORx ") {
        Some(rest) => (rest, true),
        None => (comment.strip_prefix(" ERROR ")?, false),
    };
    let text = String::from_utf8(syntax::unquote(rest.trim())?).ok()?;
    let pattern = if is_pattern { Some(regex::Regex::new(&text.replace("{}", r"\{\}")).ok()?) } else { None };
    Some((text, pattern))
}

/// The ERROR comments of a file, with line and column of the token before each.
fn comments(text: &[u8]) -> Vec<(u32, u32, String)> {
    let (mut at, mut line, mut line_start) = (0, 1u32, 0);
    let mut before = (0, 0);
    let mut out = Vec::new();
    while at < text.len() {
        let rest = &text[at..];
        let end = match rest[0] {
            b'\n' => {
                at += 1;
                line += 1;
                line_start = at;
                continue;
            }
            b' ' | b'\t' | b'\r' => {
                at += 1;
                continue;
            }
            b'/' if rest.starts_with(b"//") => {
                let end = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
                note(&rest[2..end], before, &mut out);
                at += end;
                continue;
            }
            b'/' if rest.starts_with(b"/*") => {
                let end = memchr::memmem::find(rest, b"*/").map_or(rest.len(), |n| n + 2);
                note(&rest[2..end.saturating_sub(2).max(2)], before, &mut out);
                end
            }
            _ => {
                before = (line, (at - line_start) as u32 + 1);
                token_len(rest)
            }
        };
        for i in memchr::memchr_iter(b'\n', &rest[..end]) {
            line += 1;
            line_start = at + i + 1;
        }
        at += end;
    }
    out
}

fn note(comment: &[u8], before: (u32, u32), out: &mut Vec<(u32, u32, String)>) {
    let comment = String::from_utf8_lossy(comment).into_owned();
    if comment.starts_with(" ERROR ") || comment.starts_with(" ERRORx ") {
        out.push((before.0, before.1, comment));
    }
}

/// The length of the token at the start: words and literals whole, operators byte by byte.
fn token_len(text: &[u8]) -> usize {
    match text[0] {
        b'`' => memchr::memchr(b'`', &text[1..]).map_or(text.len(), |n| n + 2),
        quote @ (b'"' | b'\'') => {
            let mut i = 1;
            while i < text.len() && text[i] != quote && text[i] != b'\n' {
                i += if text[i] == b'\\' { 2 } else { 1 };
            }
            if text.get(i) == Some(&quote) { i + 1 } else { i.min(text.len()) }
        }
        b if b.is_ascii_alphanumeric() || b == b'_' || b >= 0x80 => text
            .iter()
            .position(|&b| !(b.is_ascii_alphanumeric() || b == b'_' || b >= 0x80))
            .unwrap_or(text.len()),
        _ => 1,
    }
}
