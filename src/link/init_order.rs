//! The order in which packages are initialised: imports first, and of those that are ready the first by name.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

/// `roots` and all they lead to through `imports`, in the order their init tasks run.
///
/// `imports` gives, for the symbol of a package's init task, the symbols of its direct imports' tasks.
pub(super) fn schedule<'a>(roots: &[&'a str], imports: impl Fn(&'a str) -> Vec<&'a str>) -> Vec<&'a str> {
    let mut importers: BTreeMap<&str, Vec<&'a str>> = BTreeMap::new();
    let mut missing: BTreeMap<&str, usize> = BTreeMap::new();
    let mut queue: Vec<&'a str> = roots.to_vec();
    let mut ready = BinaryHeap::new();
    while let Some(task) = queue.pop() {
        if missing.contains_key(task) {
            continue;
        }
        let needs = imports(task);
        missing.insert(task, needs.len());
        if needs.is_empty() {
            ready.push(Reverse(task));
        }
        for need in needs {
            importers.entry(need).or_default().push(task);
            queue.push(need);
        }
    }
    let mut order = Vec::with_capacity(missing.len());
    while let Some(Reverse(task)) = ready.pop() {
        order.push(task);
        for &importer in importers.get(task).map_or(&[][..], |v| v) {
            let left = missing.get_mut(importer).expect("an importer was seen");
            *left -= 1;
            if *left == 0 {
                ready.push(Reverse(importer));
            }
        }
    }
    assert_eq!(order.len(), missing.len(), "the checker lets no import cycle through");
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn imports_come_first_and_names_decide_the_rest() {
        let imports = |task: &str| match task {
            "main" => vec!["z", "b"],
            "b" => vec!["y", "a"],
            "z" => vec!["a"],
            _ => vec![],
        };
        assert_eq!(schedule(&["main"], imports), ["a", "y", "b", "z", "main"]);
    }
}
