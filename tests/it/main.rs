//! The one integration test binary.
mod lower_std;
mod modules;
mod script;
mod tidy;
