//! Directories of the standard library as they were read before: a build need not read again what cannot have changed.
//!
//! Who keeps them, and who says that a directory is as it was, is [`super::Facts`]; test files are left out.

use std::path::Path;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::dir::{DirPackage, note_heads};
use super::error::short_path;
use super::package::{File, Text};
use crate::base::{ContentId, World};
use crate::overlay;
use crate::syntax::FileFacts;

/// What a directory held.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Shelved {
    pub name: String,
    /// In the order of names.
    pub files: Vec<ShelvedFile>,
    pub ignored: Vec<String>,
    pub cgo: Vec<String>,
    pub asm: Vec<String>,
    pub other: Vec<String>,
}

/// A file that is compiled.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ShelvedFile {
    pub name: String,
    /// It is the overlay's own.
    pub is_ours: bool,
    /// Of its text with the overlay's changes.
    pub content: ContentId,
    pub facts: Arc<FileFacts>,
}

impl Shelved {
    /// What is worth keeping of a package; nothing if something is wrong with it.
    pub(super) fn of(package: &DirPackage) -> Option<Shelved> {
        if package.error.is_some() || !package.invalid.is_empty() || package.files.is_empty() {
            return None;
        }
        let files = package.files.iter().map(|file| ShelvedFile {
            name: file.name.clone(),
            is_ours: file.path.is_none(),
            content: file.text.content(),
            facts: file.facts.clone(),
        });
        Some(Shelved {
            name: package.name.clone(),
            files: files.collect(),
            ignored: package.ignored.clone(),
            cgo: package.cgo.clone(),
            asm: package.asm.clone(),
            other: package.other.clone(),
        })
    }

    /// The package in `dir` again, with texts to be read later.
    pub(super) fn package(self, dir: &Path, world: &dyn World) -> DirPackage {
        let Shelved { name, files, ignored, cgo, asm, other } = self;
        let mut out =
            DirPackage { dir: dir.to_path_buf(), name, ignored, cgo, asm, other, ..DirPackage::default() };
        let cwd = world.cwd();
        for file in files {
            let path = dir.join(&file.name);
            let shown = short_path(&cwd, &path);
            let file = File {
                name: file.name,
                path: (!file.is_ours).then_some(path),
                text: Text::Later(file.content),
                facts: file.facts,
            };
            note_heads(&file, &shown, &mut out.imports, &mut out.embeds);
            out.files.push(file);
        }
        out
    }
}

/// The text of a file of a standard package, as it is compiled; or what is wrong.
pub fn read_later(world: &dyn World, import_path: &str, file: &File) -> Result<Arc<[u8]>, String> {
    let content = match &file.text {
        Text::Here(text) => return Ok(text.clone()),
        Text::Later(content) => *content,
    };
    let text: Arc<[u8]> = match &file.path {
        None => {
            let ours = overlay::rules(import_path).and_then(|r| r.files.iter().find(|f| f.name == file.name));
            ours.map(|f| f.text.as_bytes().into()).ok_or("the overlay has no such file")?
        }
        Some(path) => {
            let text = world.read(path).map_err(|e| format!("{}: {e}", path.display()))?;
            match std::str::from_utf8(&text).map(|text| overlay::patch(import_path, &file.name, text)) {
                Ok(Ok(std::borrow::Cow::Owned(patched))) => patched.into_bytes().into(),
                Ok(Err(fault)) => return Err(fault.to_string()),
                _ => text,
            }
        }
    };
    match ContentId::of(&text) == content {
        true => Ok(text),
        false => Err(format!("{import_path}/{} changed while it was built", file.name)),
    }
}
