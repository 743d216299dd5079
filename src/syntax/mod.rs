//! Turns text into a tree and back; total, never fails.

pub mod ast;
