//! Thermos: a Go toolchain whose every step is a pure function in a content-addressed cache.
//!
//! ```text
//! go.mod ─▶ modules ─┐
//! *.go ──▶ scan ─────┴▶ package graph ─▶ check ─▶ lower ─▶ reach ─▶ optimize+codegen ─▶ link ─▶ executable
//!          (file)                       (package)         (program)  (function)        (program)
//! ```

pub mod base;
pub mod build;
pub mod check;
pub mod cli;
pub mod codegen;
pub mod engine;
pub mod ir;
pub mod link;
pub mod lower;
pub mod modules;
pub mod object;
pub mod optimize;
pub mod overlay;
pub mod scan;
pub mod store;
pub mod syntax;
pub mod target;
pub mod types;
pub mod vet;
