//! Data symbols: initialised and zero variables, constants, type descriptors, itabs.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// Where a symbol goes, and what the collector thinks of it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum Section {
    /// Constants: strings, funcvals, masks, tables.
    RoData,
    /// Descriptors of types without a name, which reflection may construct again: found by their string.
    TypeLink,
    /// All other descriptors.
    TypeOther,
    /// Names and package paths that descriptors point at by offset from the start of the types.
    TypeName,
    Itab,
    /// Writable, scanned by the collector by the symbol's pointer mask.
    Data,
    /// Writable, never scanned.
    NoPtrData,
    /// As `Data` and `NoPtrData`, all zero: `bytes` is empty.
    Bss,
    NoPtrBss,
}

impl Section {
    pub fn is_zero(self) -> bool {
        matches!(self, Section::Bss | Section::NoPtrBss)
    }

    /// Inside `[runtime.types, runtime.etypes)`.
    pub fn is_types(self) -> bool {
        matches!(self, Section::TypeLink | Section::TypeOther | Section::TypeName | Section::Itab)
    }
}

/// What is written at a place of a data symbol.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum DataRelocKind {
    /// 8 bytes: the address.
    Abs64,
    /// 8 bytes: the address of a function, or of `runtime.unreachableMethod` when nothing else needs the target.
    WeakAbs64,
    /// 4 bytes: from the place to the target.
    PcRel32,
    /// 4 bytes: from the start of the types (a `typeOff` or a `nameOff`).
    TypeOff32,
    /// As `TypeOff32`, 0 when nothing else needs the target (`PtrToThis`).
    WeakTypeOff32,
    /// 4 bytes: from the start of the text (a `textOff`).
    TextOff32,
    /// As `TypeOff32` for the func type or `TextOff32` for the code of the i-th entry of [`Data::methods`]; −1 when no
    /// one can call the method.
    Method(u32),
    /// Nothing is written: the target is needed whenever this symbol is.
    Needs,
}

impl DataRelocKind {
    /// Whether the target need not be there.
    pub fn is_weak(self) -> bool {
        matches!(self, DataRelocKind::WeakAbs64 | DataRelocKind::WeakTypeOff32)
    }

    /// Whether a program without the target cannot be linked.
    pub fn must_exist(self) -> bool {
        !self.is_weak() && !matches!(self, DataRelocKind::Method(_))
    }
}

/// One place that depends on another symbol's address.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct DataReloc {
    pub offset: u32,
    pub kind: DataRelocKind,
    pub target: Arc<str>,
    pub addend: i64,
}

/// A method in a type's table: what decides whether it stays.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct DataMethod {
    /// As `ir::MethodUse` names it: with the package path when not exported.
    pub name: Arc<str>,
    /// The symbol of the method's func type, without receiver.
    pub sig: Arc<str>,
    pub exported: bool,
}

/// One data symbol.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Data {
    pub name: Arc<str>,
    pub section: Section,
    pub align: u32,
    pub size: u64,
    /// The content, zeros at the end may be left out.
    pub bytes: Vec<u8>,
    /// Sorted by offset.
    pub relocs: Vec<DataReloc>,
    /// One bit per word, the lowest first: set where there is a pointer. Empty outside `Data` and `Bss`.
    pub ptrmask: Vec<u8>,
    /// Several packages may bring this symbol; they are equal.
    pub dup_ok: bool,
    /// Of a `TypeLink`: the type's string, by which they are sorted.
    pub sort_key: Arc<str>,
    /// Of a type descriptor: its method table, in the table's order.
    pub methods: Vec<DataMethod>,
}

impl Data {
    /// An empty symbol of `size` zero bytes.
    pub fn new(name: impl Into<Arc<str>>, section: Section, align: u32, size: u64) -> Data {
        Data {
            name: name.into(),
            section,
            align,
            size,
            bytes: Vec::new(),
            relocs: Vec::new(),
            ptrmask: Vec::new(),
            dup_ok: false,
            sort_key: "".into(),
            methods: Vec::new(),
        }
    }

    /// Writes `bytes` at `offset`, growing the content as needed.
    pub fn put(&mut self, offset: u64, bytes: &[u8]) {
        let (start, end) = (offset as usize, offset as usize + bytes.len());
        if self.bytes.len() < end {
            self.bytes.resize(end, 0);
        }
        self.bytes[start..end].copy_from_slice(bytes);
        self.size = self.size.max(end as u64);
    }

    /// Adds a relocation of 4 or 8 bytes at `offset`.
    pub fn reloc(&mut self, offset: u64, kind: DataRelocKind, target: impl Into<Arc<str>>, addend: i64) {
        self.relocs.push(DataReloc { offset: offset as u32, kind, target: target.into(), addend });
        let width = match kind {
            DataRelocKind::Needs => 0,
            DataRelocKind::Abs64 | DataRelocKind::WeakAbs64 => 8,
            _ => 4,
        };
        self.size = self.size.max(offset + width);
    }

    /// The address of `target` as a pointer word at `offset`.
    pub fn pointer(&mut self, offset: u64, target: impl Into<Arc<str>>) {
        self.reloc(offset, DataRelocKind::Abs64, target, 0);
    }

    /// Marks the word at `offset` as a pointer for the collector.
    pub fn mark_pointer(&mut self, offset: u64) {
        let word = offset as usize / 8;
        if self.ptrmask.len() <= word / 8 {
            self.ptrmask.resize(word / 8 + 1, 0);
        }
        self.ptrmask[word / 8] |= 1 << (word % 8);
    }
}
