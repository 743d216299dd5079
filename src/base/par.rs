//! Threads with stacks deep enough for the recursion of parser, checker and lowering.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};

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

/// Runs `work` for every number, each after those it needs, as many at once as there are threads. Nothing that needs one
/// whose work failed is begun.
pub fn in_order(needs: &[Vec<usize>], work: &(dyn Fn(usize) -> bool + Sync)) {
    let mut users: Vec<Vec<usize>> = vec![Vec::new(); needs.len()];
    let mut waits = Vec::with_capacity(needs.len());
    for (i, needs) in needs.iter().enumerate() {
        let mut needs: Vec<usize> = needs.iter().copied().filter(|j| *j != i).collect();
        needs.sort_unstable();
        needs.dedup();
        waits.push(AtomicUsize::new(needs.len()));
        needs.into_iter().for_each(|j| users[j].push(i));
    }
    // Chosen before anything is begun: what becomes ready later is begun by the last one it waited for, once.
    let first: Vec<usize> = (0..needs.len()).filter(|i| waits[*i].load(Ordering::Relaxed) == 0).collect();
    let order = Order { users, waits, work };
    rayon::scope(|scope| {
        for i in first {
            let order = &order;
            scope.spawn(move |scope| order.run(scope, i));
        }
    });
}

struct Order<'a> {
    users: Vec<Vec<usize>>,
    waits: Vec<AtomicUsize>,
    work: &'a (dyn Fn(usize) -> bool + Sync),
}

impl Order<'_> {
    fn run<'s>(&'s self, scope: &rayon::Scope<'s>, i: usize) {
        if (self.work)(i) {
            for &user in &self.users[i] {
                if self.waits[user].fetch_sub(1, Ordering::AcqRel) == 1 {
                    scope.spawn(move |scope| self.run(scope, user));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    #[test]
    fn needs_come_first_and_failures_stop_what_needs_them() {
        let done = Mutex::new(Vec::new());
        let needs = [vec![2], vec![0, 2], vec![], vec![4], vec![]];
        in_order(&needs, &|i| {
            done.lock().unwrap().push(i);
            i != 4
        });
        let mut done = done.into_inner().unwrap();
        done.retain(|i| *i != 4);
        assert_eq!(done, [2, 0, 1]);
    }
}
