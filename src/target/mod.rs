//! Facts about a GOOS/GOARCH pair: names, sizes, calling convention.
//!
//! # What is not here
//! How code for a target is made (`codegen`) and which files a package has there (`modules`).

pub mod abi;
mod arch;
mod os;
mod sizes;

pub use arch::Arch;
pub use os::Os;
pub use sizes::{Sizes, align_up};

use serde::{Deserialize, Serialize};

/// One system a program can be built for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Target {
    pub os: Os,
    pub arch: Arch,
}

impl Target {
    /// The pair of that name, if Go knows it.
    pub fn new(goos: &str, goarch: &str) -> Option<Target> {
        let target = Target { os: Os::from_name(goos)?, arch: Arch::from_name(goarch)? };
        target.is_known().then_some(target)
    }

    /// The machine we run on.
    pub fn host() -> Target {
        let os = match std::env::consts::OS {
            "macos" => Os::Darwin,
            name => Os::from_name(name).unwrap_or(Os::Linux),
        };
        let arch = match std::env::consts::ARCH {
            "aarch64" => Arch::Arm64,
            "x86" => Arch::I386,
            "loongarch64" => Arch::Loong64,
            "x86_64" => Arch::Amd64,
            name => Arch::from_name(name).unwrap_or(Arch::Amd64),
        };
        Target { os, arch }
    }

    /// Every pair Go knows, sorted by name.
    pub fn all() -> Vec<Target> {
        let pairs = Os::ALL.iter().flat_map(|&os| Arch::ALL.iter().map(move |&arch| Target { os, arch }));
        pairs.filter(|t| t.is_known()).collect()
    }

    /// Whether Go knows the pair.
    pub fn is_known(self) -> bool {
        self.os.archs().contains(&self.arch)
    }

    /// Whether we can make executables for it; every known pair can be checked and vetted.
    pub fn has_back_end(self) -> bool {
        self == Target { os: Os::Linux, arch: Arch::Amd64 }
    }

    /// Whether cgo could work there at all.
    pub fn cgo_supported(self) -> bool {
        let without = matches!(self.os, Os::Js | Os::Wasip1 | Os::Plan9);
        !without && (self.os, self.arch) != (Os::Openbsd, Arch::Ppc64)
    }

    pub fn sizes(self) -> Sizes {
        Sizes::of(self.arch)
    }
}

impl std::fmt::Display for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.os.name(), self.arch.name())
    }
}

#[cfg(test)]
mod tests;
