//! Operating systems, by their GOOS names.

use serde::{Deserialize, Serialize};

use super::Arch;

macro_rules! systems {
    ($($(#[$doc:meta])* $variant:ident $name:literal $unix:literal [$($arch:ident),*],)*) => {
        /// A GOOS value Go can build for.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
        pub enum Os { $($(#[$doc])* $variant,)* }

        impl Os {
            /// Sorted by name.
            pub const ALL: &'static [Os] = &[$(Os::$variant,)*];

            pub fn name(self) -> &'static str {
                match self { $(Os::$variant => $name,)* }
            }

            pub fn from_name(name: &str) -> Option<Os> {
                match name { $($name => Some(Os::$variant),)* _ => None }
            }

            /// Whether the build tag `unix` holds.
            pub fn is_unix(self) -> bool {
                match self { $(Os::$variant => $unix,)* }
            }

            /// The architectures Go knows for it, sorted by name.
            pub fn archs(self) -> &'static [Arch] {
                match self { $(Os::$variant => &[$(Arch::$arch),*],)* }
            }
        }
    };
}

systems! {
    Aix "aix" true [Ppc64],
    Android "android" true [I386, Amd64, Arm, Arm64],
    Darwin "darwin" true [Amd64, Arm64],
    Dragonfly "dragonfly" true [Amd64],
    Freebsd "freebsd" true [I386, Amd64, Arm, Arm64, Riscv64],
    Illumos "illumos" true [Amd64],
    Ios "ios" true [Amd64, Arm64],
    Js "js" false [Wasm],
    Linux "linux" true [I386, Amd64, Arm, Arm64, Loong64, Mips, Mips64, Mips64le, Mipsle, Ppc64, Ppc64le, Riscv64, S390x, Sparc64],
    Netbsd "netbsd" true [I386, Amd64, Arm, Arm64],
    Openbsd "openbsd" true [I386, Amd64, Arm, Arm64, Ppc64, Riscv64],
    Plan9 "plan9" false [I386, Amd64, Arm],
    Solaris "solaris" true [Amd64],
    Wasip1 "wasip1" false [Wasm],
    Windows "windows" false [I386, Amd64, Arm64],
}

impl Os {
    /// Names that select files by suffix (`_zos.go`), although no program can be built for all of them.
    pub const SUFFIXES: &'static [&'static str] = &[
        "aix",
        "android",
        "darwin",
        "dragonfly",
        "freebsd",
        "hurd",
        "illumos",
        "ios",
        "js",
        "linux",
        "nacl",
        "netbsd",
        "openbsd",
        "plan9",
        "solaris",
        "wasip1",
        "windows",
        "zos",
    ];

    /// A system whose files and tags this one takes as well.
    pub fn implies(self) -> Option<Os> {
        match self {
            Os::Android => Some(Os::Linux),
            Os::Illumos => Some(Os::Solaris),
            Os::Ios => Some(Os::Darwin),
            _ => None,
        }
    }

    /// The suffix of executables.
    pub fn exe_suffix(self) -> &'static str {
        if self == Os::Windows { ".exe" } else { "" }
    }
}
