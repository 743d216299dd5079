//! `list`: packages, as import paths, templates or JSON.

use super::flags::{self, Flag, Flags, Takes};
use super::{Call, Failure};

pub(super) const FLAGS: &[&[Flag]] = &[
    flags::BUILD,
    &[
        ("f", Takes::Text),
        ("e", Takes::Bool),
        ("deps", Takes::Bool),
        ("m", Takes::Bool),
        ("find", Takes::Bool),
        ("test", Takes::Bool),
        ("export", Takes::Bool),
        ("compiled", Takes::Bool),
    ],
];

pub(super) fn list(_call: &Call<'_>, _flags: Flags) -> Result<u8, Failure> {
    Err(Failure::new(1, "go list: not served by this toolchain yet"))
}
