//! Turns text into a tree and back; total, never fails.
