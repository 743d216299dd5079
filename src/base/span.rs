//! Places in the source: which file, which byte, and the line and column a user is told.

use serde::{Deserialize, Serialize};

/// A source file of one package, numbered in the order the files were handed to the stage.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct FileId(pub u32);

/// One byte of one file. `offset` counts bytes from the start of the file, the first is 0.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Pos {
    pub file: FileId,
    pub offset: u32,
}

impl Pos {
    /// No place: what the compiler made up itself.
    pub const NONE: Pos = Pos { file: FileId(u32::MAX), offset: 0 };

    pub fn new(file: FileId, offset: u32) -> Pos {
        Pos { file, offset }
    }

    pub fn is_none(self) -> bool {
        self.file.0 == u32::MAX
    }
}

/// A file's name and where its lines start.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SourceFile {
    /// As the user is shown it.
    pub name: String,
    /// Byte offset of the first byte of each line; the first entry is 0.
    pub line_starts: Vec<u32>,
    /// `//line` and `/*line*/` directives, in source order.
    pub line_directives: Vec<LineDirective>,
}

/// From `offset` on, positions are reported as in `file` (none: the file's own name), counting from `line` and `column`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct LineDirective {
    pub offset: u32,
    pub file: Option<String>,
    pub line: u32,
    /// 0 when the directive gave no column: columns are then not shown.
    pub column: u32,
}

impl SourceFile {
    pub fn new(name: impl Into<String>, text: &[u8]) -> SourceFile {
        let mut line_starts = vec![0];
        line_starts.extend(memchr::memchr_iter(b'\n', text).map(|at| at as u32 + 1));
        SourceFile { name: name.into(), line_starts, line_directives: Vec::new() }
    }

    /// Line and column, both from 1; the column counts bytes, as gc's does. Directives are not looked at.
    pub fn line_column(&self, offset: u32) -> (u32, u32) {
        let line = self.line_starts.partition_point(|&start| start <= offset);
        (line as u32, offset - self.line_starts[line - 1] + 1)
    }

    /// What a message shows: name, line and column (0: not known) after line directives.
    pub fn shown(&self, offset: u32) -> (&str, u32, u32) {
        let (line, column) = self.line_column(offset);
        let n = self.line_directives.partition_point(|d| d.offset <= offset);
        let Some(directive) = n.checked_sub(1).map(|i| &self.line_directives[i]) else {
            return (&self.name, line, column);
        };
        let (from_line, from_column) = self.line_column(directive.offset);
        let shown_line = directive.line + (line - from_line);
        let shown_column = match directive.column {
            0 => 0,
            c if line == from_line => c + (column - from_column),
            _ => column,
        };
        (directive.file.as_deref().unwrap_or(&self.name), shown_line, shown_column)
    }
}

/// The files of one package, by [`FileId`].
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Sources {
    pub files: Vec<SourceFile>,
}

impl Sources {
    pub fn add(&mut self, file: SourceFile) -> FileId {
        self.files.push(file);
        FileId(self.files.len() as u32 - 1)
    }

    pub fn get(&self, file: FileId) -> &SourceFile {
        &self.files[file.0 as usize]
    }

    /// `name:line:column`, as in messages.
    pub fn show(&self, pos: Pos) -> String {
        if pos.is_none() {
            return "-".to_owned();
        }
        match self.get(pos.file).shown(pos.offset) {
            (name, line, 0) => format!("{name}:{line}"),
            (name, line, column) => format!("{name}:{line}:{column}"),
        }
    }
}
