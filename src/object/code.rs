//! The machine code of one function, in the compact form the store keeps.
//!
//! Nothing here depends on where the source file lies or on which line the function starts: lines are relative, files are
//! numbers into the `FuncMeta` of the function a line belongs to, and `link` applies both.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// What is written at a place of the code.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum CodeRelocKind {
    /// 4 bytes: target + addend − place.
    PcRel32,
    /// 8 bytes: target + addend.
    Abs64,
}

/// One place that depends on a symbol's address.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct CodeReloc {
    pub offset: u32,
    pub kind: CodeRelocKind,
    /// Index into [`Code::syms`].
    pub target: u32,
    pub addend: i64,
}

/// A source place.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct CodeLoc {
    /// Index into `FuncMeta::files` of the function the line belongs to: this one, or the inlined one.
    pub file: u32,
    /// Minus the start line of that function.
    pub line: i32,
    /// Index into [`Code::sites`]: the inlined call this came from.
    pub site: Option<u32>,
}

/// One inlined call.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct CodeSite {
    /// The function that was inlined: index into [`Code::syms`]. It need not be in the program otherwise.
    pub callee: u32,
    /// Where it was called: index into [`Code::locs`].
    pub at: u32,
}

/// What the pc tables say about a function.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub struct CodeFlags {
    /// A wrapper: tracebacks and recover do not see it.
    pub wrapper: bool,
    /// The unwinder stops here.
    pub top_frame: bool,
    /// Changes the stack pointer in ways the table cannot say.
    pub sp_write: bool,
    pub nosplit: bool,
    /// Hand-assembled.
    pub asm: bool,
}

/// One compiled function.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub struct Code {
    /// The linker symbol.
    pub name: Arc<str>,
    pub bytes: Vec<u8>,
    pub align: u32,
    /// Every symbol `relocs` and `sites` name.
    pub syms: Vec<Arc<str>>,
    /// Sorted by offset.
    pub relocs: Vec<CodeReloc>,
    /// (offset, index into `locs`), sorted: the location holds up to the next row. Code before the first row belongs to
    /// the function's first line.
    pub lines: Vec<(u32, u32)>,
    pub locs: Vec<CodeLoc>,
    pub sites: Vec<CodeSite>,
    /// (offset, bytes between the stack pointer and the return address' place), sorted: holds up to the next row.
    pub pcsp: Vec<(u32, i32)>,
    /// (return offset of a call, offset of the code that runs after a recovered panic), sorted.
    pub handlers: Vec<(u32, u32)>,
    pub flags: CodeFlags,
}
