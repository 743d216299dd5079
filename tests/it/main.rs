//! The one integration test binary.
mod modules;
mod tidy;
