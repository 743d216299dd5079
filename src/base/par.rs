//! Threads with stacks deep enough for the recursion of parser, checker and lowering.

use std::num::NonZeroUsize;

/// Reserved, not used: pages are taken when touched. The parser bounds nesting; the deepest tree it
/// lets through needs about 50 MiB in a debug build of the checker.
pub const STACK_BYTES: usize = 512 << 20;

/// Builds a pool of `threads` workers and runs `f` on one of them. Zero means one per processor.
pub fn with_pool<R: Send>(threads: usize, f: impl FnOnce() -> R + Send) -> R {
    let threads = match threads {
        0 => std::thread::available_parallelism().map_or(1, NonZeroUsize::get),
        n => n,
    };
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .stack_size(STACK_BYTES)
        .thread_name(|n| format!("worker {n}"))
        .build()
        .expect("the system must let a build start its worker threads");
    pool.install(f)
}

/// Runs `f` on a fresh thread with a deep stack; a panic inside is passed on.
pub fn on_big_stack<R: Send>(f: impl FnOnce() -> R + Send) -> R {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new()
            .stack_size(STACK_BYTES)
            .spawn_scoped(scope, f)
            .expect("the system must let a build start a thread");
        thread.join().unwrap_or_else(|payload| std::panic::resume_unwind(payload))
    })
}
