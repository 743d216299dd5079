//! The functions of one program, and exactly what the optimiser may look at when it works on one of them.
//!
//! Optimising a function reads bodies that it may inline and facts about its callees. Both are known
//! before: from the function, along calls of functions that may be inlined, to all symbols named on the
//! way. Their digests are the inputs of the stage, so a change elsewhere is no change here.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, OnceLock};

use crate::base::{ContentId, wire};
use crate::ir::{self, Callee, Op};
use crate::optimize::{self, Summaries};

/// All functions by symbol.
pub struct Functions {
    bodies: HashMap<Arc<str>, Body>,
    summaries: Summaries,
}

struct Body {
    func: Arc<ir::Func>,
    content: OnceLock<ContentId>,
    may_inline: OnceLock<bool>,
}

/// What optimising one function depends on, besides the function.
pub struct Surroundings {
    /// Functions that may be inlined, directly or through others, with their content, by name.
    pub inlinable: Vec<(String, ContentId)>,
    /// Of the escape facts of everything named in them or in the function itself.
    pub facts: ContentId,
}

impl Functions {
    pub fn new(units: &[&ir::Unit]) -> Functions {
        let mut bodies: HashMap<Arc<str>, Body> = HashMap::new();
        for func in units.iter().flat_map(|unit| &unit.funcs) {
            let body =
                || Body { func: func.func.clone(), content: OnceLock::new(), may_inline: OnceLock::new() };
            bodies.entry(func.func.name.clone()).or_insert_with(body);
        }
        let by_name: BTreeMap<&str, &ir::Func> =
            bodies.iter().map(|(name, body)| (&**name, &*body.func)).collect();
        let summaries = optimize::summarize(by_name.into_values());
        Functions { bodies, summaries }
    }

    /// Content of a function as the store names it.
    pub fn content(&self, func: &ir::Func) -> ContentId {
        let id = || ContentId::of(&wire::encode(func));
        match self.bodies.get(&func.name) {
            Some(body) if std::ptr::eq(&*body.func, func) => *body.content.get_or_init(id),
            _ => id(),
        }
    }

    pub fn surroundings(&self, func: &ir::Func) -> Surroundings {
        let mut inlinable = BTreeMap::new();
        let mut named: BTreeSet<&str> = BTreeSet::new();
        let mut next = vec![func];
        while let Some(func) = next.pop() {
            named.extend(func.syms.values().map(|name| &**name));
            for name in callees(func) {
                let Some((name, body)) = self.bodies.get_key_value(name) else { continue };
                if !inlinable.contains_key(&**name)
                    && *body.may_inline.get_or_init(|| optimize::may_inline(&body.func))
                {
                    inlinable.insert(&**name, self.content(&body.func));
                    next.push(&body.func);
                }
            }
        }
        let facts: Vec<(&str, Option<optimize::Facts>)> =
            named.into_iter().map(|name| (name, self.summaries.get(name))).collect();
        Surroundings {
            inlinable: inlinable.into_iter().map(|(name, id)| (name.to_owned(), id)).collect(),
            facts: ContentId::of(&wire::encode(&facts)),
        }
    }

    /// The function, optimised.
    pub fn optimized(&self, func: &ir::Func) -> ir::Func {
        let body = |name: &str| {
            let body = self.bodies.get(name)?;
            body.may_inline.get_or_init(|| optimize::may_inline(&body.func)).then(|| body.func.clone())
        };
        optimize::optimize(func, &optimize::Env { body: &body, summaries: &self.summaries })
    }
}

fn callees(func: &ir::Func) -> impl Iterator<Item = &str> {
    let insts = func.layout.iter().flat_map(|&block| &func.blocks[block].insts);
    insts.filter_map(|&inst| match &func.insts[inst].op {
        Op::Call(call) => match call.callee {
            Callee::Sym(sym) => Some(&*func.syms[sym]),
            _ => None,
        },
        _ => None,
    })
}
