//! Likely mistakes that a compiler lets pass, in the words of `go vet`: what runs before a test.
//!
//! | check | finds |
//! |---|---|
//! | `nilfunc` | functions compared with nil |
//! | `printf` | formats that do not fit their arguments, in calls of the library and of wrappers in the same package |
//! | `stringintconv` | `string(n)` of an integer |
//! | `tests` | tests and examples that are malformed or name nothing |
//!
//! # What is not here
//! The other checks that go runs before a test: atomic, bools, buildtag, directive, errorsas, ifaceassert, slog.
//! Wrappers of other packages.

mod args;
mod format;
mod names;
mod printf;
mod simple;

use crate::base::Pos;
use crate::types::Checked;

/// One likely mistake.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Finding {
    pub pos: Pos,
    pub text: String,
}

/// What a check is given, and where it reports.
struct Pass<'a> {
    checked: &'a Checked,
    found: Vec<Finding>,
}

impl Pass<'_> {
    fn report(&mut self, pos: Pos, text: String) {
        self.found.push(Finding { pos, text });
    }
}

/// Every check by name, in the order in which they report.
const CHECKS: &[(&str, fn(&mut Pass<'_>))] = &[
    ("nilfunc", simple::nilfunc),
    ("printf", printf::printf),
    ("stringintconv", simple::stringintconv),
    ("tests", names::tests),
];

/// Runs the checks that `wanted` names over a package without errors, one check after the other.
pub fn vet(checked: &Checked, wanted: &dyn Fn(&str) -> bool) -> Vec<Finding> {
    let mut pass = Pass { checked, found: Vec::new() };
    CHECKS.iter().filter(|(name, _)| wanted(name)).for_each(|(_, check)| check(&mut pass));
    pass.found
}
