//! One directory's Go files sorted into what is compiled, what is ignored, what is broken.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::base::World;
use crate::overlay::{self, Rules};
use crate::syntax::{FactError, FileFacts, Place};

use super::config::Facts;
use super::error::{os_words, short_path};
use super::package::{File, Text};
use super::select::Selection;

/// What a directory holds, before anyone asks who imports it.
#[derive(Clone, Debug, Default)]
pub(super) struct DirPackage {
    pub dir: PathBuf,
    pub name: String,
    pub files: Vec<File>,
    /// Every imported path of the compiled files, with the places that import it (file, place).
    pub imports: BTreeMap<String, Vec<(String, Place)>>,
    pub embeds: Vec<(String, String)>,
    pub ignored: Vec<String>,
    pub invalid: Vec<String>,
    /// Test files of the package itself, and of the package beside it.
    pub tests: TestFiles,
    pub xtests: TestFiles,
    pub cgo: Vec<String>,
    pub asm: Vec<String>,
    pub other: Vec<String>,
    pub error: Option<DirError>,
}

/// The files of one kind of tests, with what they import and embed.
#[derive(Clone, Debug, Default)]
pub(super) struct TestFiles {
    pub files: Vec<File>,
    pub imports: BTreeMap<String, Vec<(String, Place)>>,
    pub embeds: Vec<(String, String)>,
}

impl TestFiles {
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    pub fn names(&self) -> Vec<String> {
        self.files.iter().map(|file| file.name.clone()).collect()
    }
}

#[derive(Clone, Debug)]
pub(super) enum DirError {
    /// There is nothing to compile.
    NoGo,
    /// A mistake at a place in one of its files.
    At {
        pos: String,
        text: String,
    },
    Other(String),
}

impl DirPackage {
    /// In go's words.
    pub fn no_go_text(&self) -> String {
        let dir = self.dir.display();
        if !self.ignored.is_empty() {
            format!("build constraints exclude all Go files in {dir}")
        } else if !self.tests.is_empty() || !self.xtests.is_empty() {
            format!("no non-test Go files in {dir}")
        } else {
            format!("no Go files in {dir}")
        }
    }
}

/// Extensions of files that are part of a package without being Go or assembly.
const OTHER_EXTENSIONS: &[&str] = &[
    "c", "cc", "cpp", "cxx", "m", "h", "hh", "hpp", "hxx", "f", "F", "for", "f90", "swig", "swigcxx", "syso",
];

pub(super) struct DirReader<'a> {
    pub world: &'a dyn World,
    pub facts: &'a dyn Facts,
    pub selection: &'a Selection,
    /// The overlay's rules for this package.
    pub rules: Option<&'static Rules>,
    /// Test files are passed over: nobody will ask for them.
    pub no_tests: bool,
    /// Names given on the command line: only these are looked at, and no constraint counts.
    pub only: Option<&'a [String]>,
}

impl DirReader<'_> {
    pub fn read(&self, dir: &Path) -> DirPackage {
        let mut out = DirPackage { dir: dir.to_path_buf(), ..DirPackage::default() };
        let names = match self.only {
            Some(names) => names.to_vec(),
            None => match self.names(dir) {
                Ok(names) => names,
                Err(e) => {
                    out.error = Some(DirError::Other(format!("open {}: {}", dir.display(), os_words(&e))));
                    return out;
                }
            },
        };
        let mut first_file = None;
        for name in &names {
            self.file(dir, name, &mut out, &mut first_file);
        }
        self.overlay_files(dir, &mut out);
        out.files.sort_by(|a, b| a.name.cmp(&b.name));
        if out.error.is_none() && out.files.is_empty() && out.tests.is_empty() && out.xtests.is_empty() {
            out.error = Some(DirError::NoGo);
        }
        out
    }

    /// Of the files in `dir`, those whose content is looked at; those of tests are not counted.
    pub fn looked_at(&self, dir: &Path) -> Vec<String> {
        let counts = |name: &String| {
            let drop = self.rules.is_some_and(|rules| rules.drop_files.contains(&name.as_str()));
            let add = self.rules.is_some_and(|rules| rules.add_files.contains(&name.as_str()));
            !drop && (add || self.selection.name_fits(name)) && !name.ends_with("_test.go")
        };
        self.names(dir).unwrap_or_default().into_iter().filter(counts).collect()
    }

    fn names(&self, dir: &Path) -> std::io::Result<Vec<String>> {
        let entries = self.world.read_dir(dir)?;
        let wanted = |entry: &crate::base::world::DirEntry| {
            use crate::base::world::FileKind;
            match entry.kind {
                FileKind::File | FileKind::Other => true,
                FileKind::Dir => false,
                // A link to a directory is no file; what it leads to is asked only for names that matter.
                // One that leads nowhere is a file that cannot be opened.
                FileKind::Symlink => entry.name.contains('.') && !self.world.is_dir(&dir.join(&entry.name)),
            }
        };
        Ok(entries.into_iter().filter(wanted).map(|entry| entry.name).collect())
    }

    fn file(&self, dir: &Path, name: &str, out: &mut DirPackage, first_file: &mut Option<String>) {
        if name.starts_with('_') || name.starts_with('.') {
            return;
        }
        if self.no_tests && name.ends_with("_test.go") {
            return;
        }
        let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
        let drop = self.rules.is_some_and(|rules| rules.drop_files.contains(&name));
        let add = self.only.is_some() || self.rules.is_some_and(|rules| rules.add_files.contains(&name));
        let name_fits = !drop && (add || self.selection.name_fits(name));
        if extension != "go" {
            let list = match extension {
                "s" | "S" | "sx" => &mut out.asm,
                _ if OTHER_EXTENSIONS.contains(&extension) => &mut out.other,
                _ => return,
            };
            if name_fits && self.other_fits(&dir.join(name)) {
                list.push(name.to_owned());
            }
            return;
        }
        if !name_fits {
            out.ignored.push(name.to_owned());
            return;
        }
        let path = dir.join(name);
        let text = match self.world.read(&path) {
            Ok(text) => text,
            Err(e) => {
                let error = DirError::Other(format!("open {}: {}", path.display(), os_words(&e)));
                return bad(out, name, error);
            }
        };
        let text = match self.patched(name, text) {
            Ok(text) => text,
            Err(fault) => return bad(out, name, DirError::Other(fault)),
        };
        let facts = self.facts.facts(&path, &text);
        if let Some(FactError::Read { text }) = &facts.error {
            return bad(out, name, DirError::Other(format!("read {}: {text}", path.display())));
        }
        if let Some(text) = &facts.header.error {
            return bad(out, name, DirError::Other(format!("{name}: {text}")));
        }
        if !add && !facts.header.eval(&|tag| self.selection.holds(tag)) {
            out.ignored.push(name.to_owned());
            return;
        }
        self.take(
            File { name: name.to_owned(), path: Some(path), text: Text::Here(text), facts },
            out,
            first_file,
        );
    }

    fn take(&self, file: File, out: &mut DirPackage, first_file: &mut Option<String>) {
        let facts = file.facts.clone();
        let path = file.path.clone().unwrap_or_else(|| out.dir.join(&file.name));
        let shown = short_path(&self.world.cwd(), &path);
        match &facts.error {
            Some(FactError::Syntax { at, text }) => {
                let pos = format!("{}:{}:{}", shown.display(), at.line, at.column);
                bad(out, &file.name, DirError::At { pos, text: text.clone() });
            }
            Some(FactError::Import { at, text }) => {
                let text = format!("{}:{}:{}: {text}", path.display(), at.line, at.column);
                bad(out, &file.name, DirError::Other(text));
            }
            _ => {}
        }
        if facts.package == "documentation" {
            return out.ignored.push(file.name);
        }
        let is_test = file.name.ends_with("_test.go");
        let mut package = facts.package.as_str();
        let is_xtest = is_test && package.ends_with("_test") && package != "_test";
        if is_xtest {
            package = &package[..package.len() - "_test".len()];
        }
        if !package.is_empty() {
            if out.name.is_empty() {
                out.name = package.to_owned();
                *first_file = Some(file.name.clone());
            } else if package != out.name {
                let first = first_file.as_deref().unwrap_or_default();
                let text = format!(
                    "found packages {} ({first}) and {package} ({}) in {}",
                    out.name,
                    file.name,
                    out.dir.display()
                );
                bad(out, &file.name, DirError::Other(text));
            }
        }
        if is_test {
            let tests = if is_xtest { &mut out.xtests } else { &mut out.tests };
            note_heads(&file, &shown, &mut tests.imports, &mut tests.embeds);
            return tests.files.push(file);
        }
        if facts.uses_cgo() {
            // There is no cgo here, so such files are left out as by a constraint.
            out.cgo.push(file.name.clone());
            return out.ignored.push(file.name);
        }
        note_heads(&file, &shown, &mut out.imports, &mut out.embeds);
        out.files.push(file);
    }

    /// Assembly and C files obey constraints as well.
    fn other_fits(&self, path: &Path) -> bool {
        match self.world.read(path) {
            Ok(text) => crate::syntax::constraint::header(&text).eval(&|tag| self.selection.holds(tag)),
            Err(_) => true,
        }
    }

    fn patched(&self, name: &str, text: Arc<[u8]>) -> Result<Arc<[u8]>, String> {
        let Some(rules) = self.rules else { return Ok(text) };
        let Ok(source) = std::str::from_utf8(&text) else { return Ok(text) };
        match overlay::patch(rules.import_path, name, source) {
            Ok(std::borrow::Cow::Borrowed(_)) => Ok(text),
            Ok(std::borrow::Cow::Owned(patched)) => Ok(patched.into_bytes().into()),
            Err(fault) => Err(fault.to_string()),
        }
    }

    fn overlay_files(&self, dir: &Path, out: &mut DirPackage) {
        for file in self.rules.map_or(&[][..], |rules| rules.files) {
            if !self.selection.name_fits(file.name) {
                continue;
            }
            let text: Arc<[u8]> = file.text.as_bytes().into();
            let facts: Arc<FileFacts> = self.facts.facts(&dir.join(file.name), &text);
            if facts.header.eval(&|tag| self.selection.holds(tag)) {
                let mut first = None;
                let (name, text) = (file.name.to_owned(), Text::Here(text));
                self.take(File { name, path: None, text, facts }, out, &mut first);
            }
        }
    }
}

/// Adds what a file imports and embeds.
pub(super) fn note_heads(
    file: &File,
    shown: &Path,
    imports: &mut BTreeMap<String, Vec<(String, Place)>>,
    embeds: &mut Vec<(String, String)>,
) {
    for import in &file.facts.imports {
        imports.entry(import.path.clone()).or_default().push((file.name.clone(), import.at));
    }
    for embed in &file.facts.embeds {
        let pos = format!("{}:{}:{}", shown.display(), embed.at.line, embed.at.column);
        embeds.push((embed.pattern.clone(), pos));
    }
}

/// The first mistake is the one that is told.
fn bad(out: &mut DirPackage, name: &str, error: DirError) {
    out.error.get_or_insert(error);
    if !out.invalid.iter().any(|n| n == name) {
        out.invalid.push(name.to_owned());
    }
}
