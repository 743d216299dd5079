//! The one integration test binary.

mod lower_std;
mod modules;
mod readme;
mod script;
mod tidy;
