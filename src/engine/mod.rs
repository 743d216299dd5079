//! Runs a stage once per key, in parallel, and says why it ran.
