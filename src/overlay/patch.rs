//! Applies the rules of a package to the text of one of its original files.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;

use super::decls::{Decl, Kind, decls};
use super::{Edit, Rules, rules};

/// An edit that does not fit the file it was written for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OverlayFault {
    pub import_path: String,
    pub file: String,
    pub what: String,
}

impl fmt::Display for OverlayFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let OverlayFault { import_path, file, what } = self;
        write!(f, "overlay of {import_path} does not fit {file}: {what}")
    }
}

/// The text of `import_path`'s file `file` as it is to be compiled; borrowed where nothing changes.
pub fn patch<'a>(import_path: &str, file: &str, text: &'a str) -> Result<Cow<'a, str>, OverlayFault> {
    match rules(import_path) {
        Some(rules) => apply(rules, file, text),
        None => Ok(Cow::Borrowed(text)),
    }
}

pub(super) fn apply<'a>(rules: &Rules, file: &str, text: &'a str) -> Result<Cow<'a, str>, OverlayFault> {
    let ours: BTreeSet<String> = rules.files.iter().flat_map(|f| decls(f.text)).map(|d| d.name).collect();
    let edits: Vec<&Edit> = rules.edits.iter().filter(|e| e.file() == file).collect();
    if ours.is_empty() && edits.is_empty() {
        return Ok(Cow::Borrowed(text));
    }
    let fault = |what: String| OverlayFault {
        import_path: rules.import_path.to_string(),
        file: file.to_string(),
        what,
    };

    // (start, end, replacement), not overlapping; applied from the back.
    let mut changes: Vec<(usize, usize, String)> = Vec::new();
    let all = decls(text);
    // `_` and `init` may be declared any number of times: ours join the original ones.
    for decl in all.iter().filter(|d| d.name != "_" && d.name != "init" && ours.contains(&d.name)) {
        changes.push((decl.with_comments.start, decl.with_comments.end, blank(text, decl)));
    }
    for edit in edits {
        changes.extend(edit_changes(edit, &all, text).map_err(fault)?);
    }
    if changes.is_empty() {
        return Ok(Cow::Borrowed(text));
    }
    changes.sort();
    changes.dedup();
    let mut out = text.to_string();
    for (start, end, with) in changes.into_iter().rev() {
        out.replace_range(start..end, &with);
    }
    Ok(Cow::Owned(blank_unused_imports(text, out)))
}

/// Gives the blank name to imports that only the replaced text used.
fn blank_unused_imports(original: &str, patched: String) -> String {
    let Some(start) = patched.find("\nimport (\n") else { return patched };
    let Some(end) = patched[start..].find("\n)").map(|i| start + i) else { return patched };
    let mut out = patched[..start].to_string();
    for line in patched[start..end].split_inclusive('\n') {
        let spec = line.trim();
        let name = spec.trim_matches('"').rsplit('/').next().unwrap_or_default();
        let selector = format!("{name}.");
        if spec.starts_with('"') && !patched[end..].contains(&selector) && original.contains(&selector) {
            out.push_str(&line.replacen('"', "_ \"", 1));
        } else {
            out.push_str(line);
        }
    }
    out + &patched[end..]
}

fn edit_changes(edit: &Edit, all: &[Decl], text: &str) -> Result<Vec<(usize, usize, String)>, String> {
    let find = |name: &str| -> Result<&Decl, String> {
        all.iter().find(|d| d.name == name).ok_or_else(|| format!("no declaration of {name}"))
    };
    match *edit {
        Edit::Value { name, value, .. } => {
            let decl = find(name)?;
            let spec = &text[decl.span.clone()];
            let equals = spec.find('=').ok_or_else(|| format!("{name} has no value"))?;
            let old = &spec[equals + 1..];
            // A comment behind the value stays.
            let len = old.find("//").unwrap_or(old.len());
            let lines = old[..len].matches('\n').count();
            let start = decl.span.start + equals + 1;
            Ok(vec![(start, start + len, format!(" {value} {}", "\n".repeat(lines)))])
        }
        Edit::Fields { name, fields, .. } => {
            let decl = find(name)?;
            if decl.kind != Kind::Type || !text[decl.span.clone()].ends_with('}') {
                return Err(format!("{name} is not a struct type"));
            }
            let brace = decl.span.end - 1;
            Ok(vec![(brace, brace, format!("{fields} "))])
        }
        Edit::Words { decl: name, find: words, with, .. } => {
            let decl = find(name)?;
            let body = &text[decl.span.clone()];
            let found: Vec<_> = body
                .match_indices(words)
                // Whole words only: `lock()` is not part of `unlock()`.
                .filter(|&(i, _)| !body[..i].ends_with(|c: char| c.is_alphanumeric() || c == '_'))
                .map(|(i, _)| (decl.span.start + i, decl.span.start + i + words.len(), with.to_string()))
                .collect();
            if found.is_empty() { Err(format!("{name} does not say `{words}`")) } else { Ok(found) }
        }
        Edit::Drop { name, .. } => {
            find(name)?;
            let drop = |d: &Decl| (d.with_comments.start, d.with_comments.end, blank(text, d));
            Ok(all.iter().filter(|d| d.name == name).map(drop).collect())
        }
    }
}

/// As many lines as the declaration and its comments have, all empty.
fn blank(text: &str, decl: &Decl) -> String {
    "\n".repeat(text[decl.with_comments.clone()].matches('\n').count())
}
