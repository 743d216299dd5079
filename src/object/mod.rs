//! Symbols, relocations, sections of compiled code and data.
