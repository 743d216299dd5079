//! The pass table.
