//! Checked syntax to SSA.
pub mod intrinsics;
