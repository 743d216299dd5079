//! Objects to an executable image.
//!
//! ```text
//! Job ──load──▶ symbols ──synth──▶ + what only a linker knows ──layout──▶ addresses ──relocate──▶ sections ──elf──▶ Image
//!                                     (init tasks, strings)                    └ pclntab, moduledata
//! ```
//!
//! # What holds
//! - Everything in the job is linked: what a program does not need is left out before, by [`reach`].
//! - Equal jobs give equal bytes, whatever the order of functions and data in them.
//! - Types lie as the runtime walks them: one empty word, the descriptors reflection searches (by string, without gaps),
//!   the others, names, itabs.

mod buildinfo;
mod dwarf;
mod elf;
mod gcprog;
mod init_order;
mod layout;
mod load;
mod moduledata;
mod pclntab;
pub mod reach;
mod relocate;
mod synth;
#[cfg(test)]
pub(crate) mod tests;
mod text;

use std::fmt;

use crate::base::Interner;
use crate::object;

/// A compiled function and its place in the source.
pub struct Func<'a> {
    /// With the job's numbers.
    pub code: &'a object::NumberedCode,
    /// None for hand-made stubs.
    pub source: Option<Source>,
}

/// Where a function's lines are.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Source {
    /// Full names as shown in tracebacks, in the order of `ir::FuncMeta::files`.
    pub files: Vec<u32>,
    pub start_line: u32,
}

/// A package's part in the start of the program.
pub struct Init<'a> {
    /// Import path as in symbols.
    pub package: &'a str,
    /// Packages to be initialised before.
    pub deps: Vec<&'a str>,
    /// Functions to run, in order.
    pub funcs: Vec<&'a str>,
}

/// One program to link.
pub struct Job<'a> {
    /// The symbol where the machine starts.
    pub entry: &'a str,
    /// What the numbers of symbols and files stand for.
    pub names: &'a Interner,
    pub funcs: Vec<Func<'a>>,
    pub datas: &'a [object::NumberedData],
    /// Functions that are in the program only as parts of others.
    pub inlined: Vec<(u32, Source)>,
    pub inits: Vec<Init<'a>>,
    /// Offsets of the fields of `runtime.moduledata`, flattened (`gcdatamask.n` and so on are not needed).
    pub moduledata: &'a [(String, u64)],
    /// String variables with values from outside (`-X` and the like): symbol and value.
    pub strings: &'a [(String, String)],
    /// `go1.27.3`.
    pub version: &'a str,
    /// The lines `go version -m` prints, without the version.
    pub modinfo: &'a str,
    pub build_id: &'a str,
    /// `-s`: no symbol table.
    pub strip_symbols: bool,
    /// `-w`: no DWARF.
    pub strip_debug: bool,
    /// Let calls of missing functions trap when reached, instead of refusing to link.
    pub trap_undefined: bool,
}

/// The executable.
pub struct Image {
    pub bytes: Vec<u8>,
    /// With [`Job::trap_undefined`]: what was missing, sorted.
    pub undefined: Vec<String>,
}

/// What keeps a program from being linked.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum LinkFault {
    Undefined { symbol: String, user: String },
    Duplicate { symbol: String },
    TooFar { symbol: String, user: String },
}

impl fmt::Display for LinkFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LinkFault::Undefined { symbol, user } => {
                write!(f, "{user}: relocation target {symbol} not defined")
            }
            LinkFault::Duplicate { symbol } => write!(f, "duplicated definition of symbol {symbol}"),
            LinkFault::TooFar { symbol, user } => {
                write!(f, "{user}: relocation target {symbol} out of reach")
            }
        }
    }
}

/// Links one program.
pub fn link(job: &Job<'_>) -> Result<Image, Vec<LinkFault>> {
    let mut symbols = load::load(job)?;
    synth::add(job, &mut symbols);
    let undefined = load::resolve(job, &mut symbols)?;
    // From here on no symbol is added: sizes are final.
    let tables = text::tables(job, &symbols);
    let layout = layout::place(job, &symbols, &tables);
    // From here on every symbol has its address.
    let mut sections = layout::fill(&symbols, &layout, &tables);
    relocate::all(&symbols, &layout, &mut sections)?;
    moduledata::write(job, &symbols, &layout, &tables, &mut sections);
    let bytes = elf::write(&sections.list, layout::extras(job, &symbols, &layout, &tables));
    Ok(Image { bytes, undefined })
}
