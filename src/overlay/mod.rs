//! The Go files we ship inside the binary, and what they replace.
