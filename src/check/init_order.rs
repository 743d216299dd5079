//! The order in which package variables are initialised, and the cycles that forbid one.
//!
//! # The idea
//! A variable depends on what its initialiser mentions, also through the functions it mentions. Functions take no
//! part in the order themselves: only variables and constants become nodes, connected where a path through functions
//! alone leads from one to the other. Then, again and again, the node with the fewest open dependencies goes next,
//! constants first, source order among equals. A node that still has open dependencies at its turn sits on, or
//! behind, a cycle.

use std::collections::BTreeSet;

/// What the graph must know of one package-level object; objects are numbered in source order.
pub(super) struct Node {
    pub kind: NodeKind,
    /// The objects its declaration mentions, sorted, each once.
    pub deps: Vec<u32>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum NodeKind {
    Const,
    Var,
    Func,
    /// Types: in the numbering, but neither a dependency nor dependent.
    Other,
}

/// Nodes in initialisation order (constants and variables), and cycles in the order they are met.
/// A cycle `[a, z, …, b]` reads: a refers to b, b refers to …, … to z, z refers to a.
pub(super) struct Order {
    pub nodes: Vec<u32>,
    pub cycles: Vec<Vec<u32>>,
}

pub(super) fn compute(nodes: &[Node]) -> Order {
    let mut open = vec![0u32; nodes.len()];
    let mut dependents: Vec<Vec<u32>> = vec![Vec::new(); nodes.len()];
    let mut reach = Reach { seen: vec![u32::MAX; nodes.len()], stack: Vec::new() };
    for (i, node) in nodes.iter().enumerate() {
        if !matches!(node.kind, NodeKind::Const | NodeKind::Var) {
            continue;
        }
        reach.values_behind(nodes, i as u32, |dep| {
            open[i] += 1;
            dependents[dep as usize].push(i as u32);
        });
    }

    let key = |i: u32, open: &[u32]| (nodes[i as usize].kind != NodeKind::Const, open[i as usize], i);
    let mut queue: BTreeSet<(bool, u32, u32)> = (0..nodes.len() as u32)
        .filter(|&i| matches!(nodes[i as usize].kind, NodeKind::Const | NodeKind::Var))
        .map(|i| key(i, &open))
        .collect();
    let mut order = Order { nodes: Vec::with_capacity(queue.len()), cycles: Vec::new() };
    while let Some((_, still_open, i)) = queue.pop_first() {
        if still_open > 0 {
            let mut seen = vec![false; nodes.len()];
            if let Some(cycle) = path(nodes, i, i, &mut seen) {
                order.cycles.push(cycle);
            }
        }
        for &d in &dependents[i as usize] {
            // A node may depend on itself; it has left the queue already then.
            if queue.remove(&key(d, &open)) {
                open[d as usize] -= 1;
                queue.insert(key(d, &open));
            }
        }
        order.nodes.push(i);
    }
    order
}

struct Reach {
    /// The last start from which a node was seen.
    seen: Vec<u32>,
    stack: Vec<u32>,
}

impl Reach {
    /// Calls `found` once for every constant or variable that `start` mentions, directly or through functions.
    fn values_behind(&mut self, nodes: &[Node], start: u32, mut found: impl FnMut(u32)) {
        self.stack.push(start);
        while let Some(at) = self.stack.pop() {
            for &dep in &nodes[at as usize].deps {
                if std::mem::replace(&mut self.seen[dep as usize], start) == start {
                    continue;
                }
                match nodes[dep as usize].kind {
                    NodeKind::Const | NodeKind::Var => found(dep),
                    NodeKind::Func => self.stack.push(dep),
                    NodeKind::Other => (),
                }
            }
        }
    }
}

/// The objects on a path of mentions `from → … → to`, last first, without `from`.
fn path(nodes: &[Node], from: u32, to: u32, seen: &mut [bool]) -> Option<Vec<u32>> {
    if std::mem::replace(&mut seen[from as usize], true) {
        return None;
    }
    for &dep in &nodes[from as usize].deps {
        if nodes[dep as usize].kind == NodeKind::Other {
            continue;
        }
        if dep == to {
            return Some(vec![dep]);
        }
        if let Some(mut rest) = path(nodes, dep, to, seen) {
            rest.push(dep);
            return Some(rest);
        }
    }
    None
}
