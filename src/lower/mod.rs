//! Checked syntax to SSA.
