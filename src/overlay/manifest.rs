//! Which packages of go1.27.3 are compiled otherwise than their files say, as data.

use super::{Edit, File, Rules};

/// The experiments a build has switched on: `goexperiment.` tags. The others are off, among them
/// size-specialised allocation (whose entry points only gc calls), a randomised heap base and greenteagc.
pub const EXPERIMENTS: &[&str] = &["dwarf5", "jsonv2", "regabiargs", "regabiwrappers"];

const NONE: Rules = Rules {
    import_path: "",
    tags: &[],
    no_arch: false,
    drop_files: &[],
    add_files: &[],
    edits: &[],
    files: &[],
};

const fn tagged(import_path: &'static str, tags: &'static [&'static str]) -> Rules {
    Rules { import_path, tags, ..NONE }
}

/// Assembly replaced by the Go fallback the package already has.
const fn purego(import_path: &'static str) -> Rules {
    tagged(import_path, &["purego"])
}

const fn no_arch(import_path: &'static str) -> Rules {
    Rules { import_path, no_arch: true, ..NONE }
}

/// Every package with rules.
pub const RULES: &[Rules] = &[
    purego("crypto/internal/fips140/aes"),
    purego("crypto/internal/fips140/aes/gcm"),
    purego("crypto/internal/fips140/bigmod"),
    purego("crypto/internal/fips140/check/checktest"),
    purego("crypto/internal/fips140/edwards25519/field"),
    purego("crypto/internal/fips140/nistec"),
    purego("crypto/internal/fips140/sha256"),
    purego("crypto/internal/fips140/sha3"),
    purego("crypto/internal/fips140/sha512"),
    purego("crypto/internal/fips140/subtle"),
    purego("crypto/md5"),
    purego("crypto/sha1"),
    purego("vendor/golang.org/x/crypto/chacha20poly1305"),
    purego("vendor/golang.org/x/crypto/internal/poly1305"),
    no_arch("hash/crc32"),
    Rules {
        import_path: "internal/bytealg",
        no_arch: true,
        files: &[File {
            name: "thermos_natives.go",
            text: include_str!("go/internal/bytealg/thermos_natives.go"),
        }],
        ..NONE
    },
    no_arch("internal/runtime/gc/scan"),
    no_arch("internal/runtime/startlinetest"),
    no_arch("math"),
    tagged("math/big", &["math_big_pure_go"]),
    Rules {
        import_path: "internal/runtime/maps",
        drop_files: &[
            "memhash_aes.go",
            "memhash_aes_asm.go",
            "memhash_aes_simd.go",
            "memhash_align_check.go",
        ],
        add_files: &["memhash_noaes.go", "memhash_align_nocheck.go"],
        files: &[File {
            name: "thermos_hash.go",
            text: include_str!("go/internal/runtime/maps/thermos_hash.go"),
        }],
        ..NONE
    },
    Rules {
        // The registers of our calling convention; see `target::abi`.
        import_path: "internal/abi",
        edits: &[
            Edit::Value { file: "abi_amd64.go", name: "IntArgRegs", value: "6" },
            Edit::Value { file: "abi_amd64.go", name: "FloatArgRegs", value: "8" },
            // gc's compiler knows this function.
            Edit::Words {
                file: "escape.go",
                decl: "EscapeNonString",
                find: "panic(\"intrinsic\")",
                with: "if alwaysFalse { escapeSink = v }",
            },
        ],
        ..NONE
    },
    Rules {
        import_path: "internal/chacha8rand",
        files: &[File {
            name: "thermos_block.go",
            text: include_str!("go/internal/chacha8rand/thermos_block.go"),
        }],
        ..NONE
    },
    RUNTIME,
];

const RUNTIME: Rules = Rules {
    import_path: "runtime",
    edits: &[
        // Room for chains of functions without a check: our frames are larger than gc's.
        Edit::Value { file: "stack.go", name: "stackGuard", value: "32 << 10" },
        Edit::Value { file: "stack.go", name: "startingStackSize", value: "thermosStackSize" },
        Edit::Words {
            file: "proc.go",
            decl: "newproc1",
            find: "int64(newg.stack.hi-newg.stack.lo)",
            with: "thermosScannableStack",
        },
        Edit::Words { file: "proc.go", decl: "newproc1", find: "gfget(pp)", with: "thermosGfget(pp)" },
        Edit::Words {
            file: "proc.go",
            decl: "gdestroy",
            find: "int64(gp.stack.hi-gp.stack.lo)",
            with: "thermosScannableStack",
        },
        // A goroutine is preempted at calls and on back edges only, so the stub's frame size is not asked for.
        Edit::Value { file: "signal_unix.go", name: "preemptMSupported", value: "false" },
        // The function stays, empty: functions named init are numbered, and tracebacks show the numbers.
        Edit::Words {
            file: "preempt.go",
            decl: "init",
            find: "f := findfunc(abi.FuncPCABI0(asyncPreempt))",
            with: "return; f := findfunc(abi.FuncPCABI0(asyncPreempt))",
        },
        // With `thermosOneThread`: no monitor, one processor, and the main goroutine may leave its thread while it waits.
        Edit::Value { file: "proc.go", name: "haveSysmon", value: "!thermosOneThread" },
        Edit::Words {
            file: "proc.go",
            decl: "main",
            find: "lockOSThread()",
            with: "if !thermosOneThread { lockOSThread() }",
        },
        Edit::Words {
            file: "proc.go",
            decl: "main",
            find: "unlockOSThread()",
            with: "if !thermosOneThread { unlockOSThread() }",
        },
        Edit::Words {
            file: "proc.go",
            decl: "schedinit",
            find: "procresize(procs)",
            with: "procresize(thermosProcs(procs))",
        },
        Edit::Fields {
            file: "runtime2.go",
            name: "g",
            // Words, not pointers: nothing may run between their store and their load.
            // The closure context and the overflow area of the call being made; the operands of a failed check.
            fields: "thermosCtx uintptr; thermosOverflow uintptr; thermosCheckX uintptr; thermosCheckY uintptr",
        },
    ],
    files: &[
        File { name: "thermos_stack_linux.go", text: include_str!("go/runtime/thermos_stack_linux.go") },
        File { name: "thermos_threads.go", text: include_str!("go/runtime/thermos_threads.go") },
        File { name: "thermos_scan.go", text: include_str!("go/runtime/thermos_scan.go") },
    ],
    ..NONE
};
