//! Objects to an executable image.

mod buildinfo;
mod elf;
mod init_order;
mod pclntab;
pub mod reach;
