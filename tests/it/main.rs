//! The one integration test binary.

#[path = "../conformance/command.rs"]
#[allow(dead_code, reason = "the suites use more of it")]
mod command;
mod library;
mod lower_std;
mod modules;
#[path = "../conformance/provision.rs"]
mod provision;
mod readme;
mod script;
mod tidy;
