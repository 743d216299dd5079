//! Types in words, as gc prints them.

use std::fmt;

use super::scope::PkgRef;
use super::ty::Ty;

/// Says how a package is named in front of a name: None for not at all.
pub type Qualifier<'a> = &'a dyn Fn(PkgRef) -> Option<String>;

/// The type as gc's messages show it.
pub fn type_string(ty: Ty, _qualifier: Qualifier<'_>) -> String {
    format!("ty{}", ty.raw())
}

impl fmt::Display for Ty {
    /// With full package paths.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&type_string(*self, &|pkg| Some(pkg.path.to_owned())))
    }
}

impl fmt::Debug for Ty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
