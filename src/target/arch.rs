//! Architectures, by their GOARCH names.

use serde::{Deserialize, Serialize};

macro_rules! archs {
    ($($variant:ident $name:literal $word:literal $big:literal,)*) => {
        /// A GOARCH value Go can build for.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
        pub enum Arch { $($variant,)* }

        impl Arch {
            /// Sorted by name.
            pub const ALL: &'static [Arch] = &[$(Arch::$variant,)*];

            pub fn name(self) -> &'static str {
                match self { $(Arch::$variant => $name,)* }
            }

            pub fn from_name(name: &str) -> Option<Arch> {
                match name { $($name => Some(Arch::$variant),)* _ => None }
            }

            /// Bytes of a pointer, which are those of `int` and `uintptr`.
            pub fn word_bytes(self) -> u64 {
                match self { $(Arch::$variant => $word,)* }
            }

            pub fn is_big_endian(self) -> bool {
                match self { $(Arch::$variant => $big,)* }
            }
        }
    };
}

archs! {
    I386 "386" 4 false,
    Amd64 "amd64" 8 false,
    Arm "arm" 4 false,
    Arm64 "arm64" 8 false,
    Loong64 "loong64" 8 false,
    Mips "mips" 4 true,
    Mips64 "mips64" 8 true,
    Mips64le "mips64le" 8 false,
    Mipsle "mipsle" 4 false,
    Ppc64 "ppc64" 8 true,
    Ppc64le "ppc64le" 8 false,
    Riscv64 "riscv64" 8 false,
    S390x "s390x" 8 true,
    Sparc64 "sparc64" 8 true,
    Wasm "wasm" 8 false,
}

impl Arch {
    /// Names that select files by suffix (`_sparc.go`), although no program can be built for all of them.
    pub const SUFFIXES: &'static [&'static str] = &[
        "386",
        "amd64",
        "amd64p32",
        "arm",
        "armbe",
        "arm64",
        "arm64be",
        "loong64",
        "mips",
        "mipsle",
        "mips64",
        "mips64le",
        "mips64p32",
        "mips64p32le",
        "ppc",
        "ppc64",
        "ppc64le",
        "riscv",
        "riscv64",
        "s390",
        "s390x",
        "sparc",
        "sparc64",
        "wasm",
    ];
}
