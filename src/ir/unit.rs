//! What lowering a package gives: its functions, its data, and how it is initialised.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::func::{Func, FuncMeta};
use crate::object;

/// A function and its place in the source.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct UnitFunc {
    pub func: Arc<Func>,
    pub meta: FuncMeta,
}

/// A generic function or method with concrete type arguments that some function here calls, to be lowered from the
/// package that declares it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct InstanceRef {
    /// The symbol the callers use.
    pub symbol: Arc<str>,
    /// Import path of the declaring package.
    pub package: Arc<str>,
}

/// A package lowered: everything in the order of the source, so that equal sources give equal bytes.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Unit {
    /// Import path; `main` for a command.
    pub package: Arc<str>,
    pub funcs: Vec<UnitFunc>,
    pub datas: Vec<object::Data>,
    /// The functions the package's init task runs, in order: dynamic variable initialisation, then each `init`.
    pub init_funcs: Vec<Arc<str>>,
    /// Import paths of packages that must be initialised before, sorted.
    pub init_deps: Vec<Arc<str>>,
    /// Instances needed that are not in `funcs`.
    pub instances: Vec<InstanceRef>,
}
