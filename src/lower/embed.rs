//! Variables with `//go:embed`: files of the package's directory as strings, bytes or a file system.
//!
//! ```text
//! var x embed.FS    x: ptr ─▶ x.files: ptr len cap │ { name: ptr len, data: ptr len, hash: 16 bytes } …
//! ```
//! The entries of a file system are sorted by directory, then by name; directories are entries whose name ends in a slash.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::cx::Cx;
use super::static_init;
use crate::object::{Data, Section};
use crate::syntax::{ast, unquote};
use crate::types::{Kind, ObjRef};

const WORD: u64 = 8;
/// A name, a content and a hash.
const ENTRY: u64 = 4 * WORD + 16;

/// A file by its name with slashes.
pub type Embedded = (String, Arc<[u8]>);

/// Defines the variable if its declaration embeds something.
pub(super) fn define(cx: &mut Cx<'_>, decl: &ast::VarDecl, obj: ObjRef) -> bool {
    let mut files: BTreeMap<String, Arc<[u8]>> = BTreeMap::new();
    let mut found = false;
    for directive in decl.directives.iter().filter(|d| d.name == "go:embed") {
        found = true;
        for pattern in patterns(&directive.args) {
            files.extend((cx.env.embedded)(&pattern));
        }
    }
    if !found {
        return false;
    }
    let symbol = cx.obj_sym(obj);
    if !cx.claim(&symbol) {
        return true;
    }
    let data = match obj.typ().under() {
        Kind::Struct(_) => file_system(cx, &symbol, &files),
        kind => {
            let content = files.values().next().cloned().unwrap_or_default();
            let is_slice = matches!(kind, Kind::Slice(_));
            let mut data =
                Data::new(symbol.clone(), Section::Data, WORD as u32, if is_slice { 3 } else { 2 } * WORD);
            // Bytes may be written to, so they are the variable's own.
            let text = if is_slice {
                own_bytes(cx, &symbol, &content)
            } else {
                static_init::string_sym(cx, &content)
            };
            if !content.is_empty() {
                data.pointer(0, text);
            }
            for at in if is_slice { vec![WORD, 2 * WORD] } else { vec![WORD] } {
                data.put(at, &(content.len() as u64).to_le_bytes());
            }
            data.mark_pointer(0);
            data
        }
    };
    cx.add_data(data);
    true
}

/// The words of the directive; Go's quotes keep blanks.
fn patterns(args: &str) -> Vec<String> {
    let mut out = Vec::new();
    let mut rest = args.trim();
    while let Some(first) = rest.chars().next() {
        let end = match first {
            '"' | '`' => rest[1..].find(first).map_or(rest.len(), |at| at + 2),
            _ => rest.find(char::is_whitespace).unwrap_or(rest.len()),
        };
        let word = &rest[..end];
        let text = if word == &rest[..0] || !matches!(first, '"' | '`') { None } else { unquote(word) };
        out.push(text.map_or_else(|| word.to_owned(), |t| String::from_utf8_lossy(&t).into_owned()));
        rest = rest[end..].trim_start();
    }
    out
}

fn own_bytes(cx: &mut Cx<'_>, symbol: &str, content: &[u8]) -> Arc<str> {
    let name: Arc<str> = format!("{symbol}.bytes").into();
    let mut data = Data::new(name.clone(), Section::NoPtrData, 1, content.len() as u64);
    data.bytes = content.to_vec();
    cx.add_data(data);
    name
}

fn file_system(cx: &mut Cx<'_>, symbol: &str, files: &BTreeMap<String, Arc<[u8]>>) -> Data {
    let mut entries: BTreeMap<(String, String), Option<&Arc<[u8]>>> = BTreeMap::new();
    for (name, content) in files {
        entries.insert(split(name), Some(content));
        let mut dir = name.as_str();
        while let Some((parent, _)) = dir.rsplit_once('/') {
            entries.entry(split(parent)).or_insert(None);
            dir = parent;
        }
    }
    let list: Arc<str> = format!("{symbol}.files").into();
    let mut data =
        Data::new(list.clone(), Section::RoData, WORD as u32, 3 * WORD + entries.len() as u64 * ENTRY);
    data.reloc(0, crate::object::DataRelocKind::Abs64, list.clone(), 3 * WORD as i64);
    for at in [WORD, 2 * WORD] {
        data.put(at, &(entries.len() as u64).to_le_bytes());
    }
    for (i, ((dir, base), content)) in entries.iter().enumerate() {
        let at = 3 * WORD + i as u64 * ENTRY;
        let mut name = if dir.is_empty() { base.clone() } else { format!("{dir}/{base}") };
        if content.is_none() {
            name.push('/');
        }
        let text = static_init::string_sym(cx, name.as_bytes());
        data.pointer(at, text);
        data.put(at + WORD, &(name.len() as u64).to_le_bytes());
        let Some(content) = content else { continue };
        if !content.is_empty() {
            let text = static_init::string_sym(cx, content);
            data.pointer(at + 2 * WORD, text);
        }
        data.put(at + 3 * WORD, &(content.len() as u64).to_le_bytes());
        data.put(at + 4 * WORD, &blake3::hash(content).as_bytes()[..16]);
    }
    data.relocs.sort_by_key(|reloc| reloc.offset);
    cx.add_data(data);
    let mut var = Data::new(symbol, Section::Data, WORD as u32, WORD);
    var.pointer(0, list);
    var.mark_pointer(0);
    var
}

/// Directory and last element.
fn split(name: &str) -> (String, String) {
    match name.rsplit_once('/') {
        Some((dir, base)) => (dir.to_owned(), base.to_owned()),
        None => (String::new(), name.to_owned()),
    }
}
