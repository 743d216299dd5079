//! What is declared or imported and never used; and the initialisation order, which ends a package's check.

use super::codes::Code;
use super::init_order::{self, Node, NodeKind};
use super::message::Fault;
use super::scopes::ScopeId;
use super::{Checker, DeclKind};
use crate::types::{Initializer, ObjKind, VarKind};

impl Checker<'_> {
    pub(super) fn report_unused_variables(&mut self, scope: ScopeId) {
        let mut unused: Vec<_> = self
            .scopes
            .get(scope)
            .names
            .iter()
            .copied()
            .filter(|o| o.var_kind() == Some(VarKind::Local) && !o.used())
            .collect();
        unused.sort_by_key(|o| o.pos);
        for var in unused {
            self.soft_error(var.pos, Code::UnusedVar, format!("declared and not used: {}", var.name));
        }
        // Function literals look after themselves.
        for i in 0..self.scopes.get(scope).children.len() {
            let child = self.scopes.get(scope).children[i];
            if !self.scopes.get(child).is_func {
                self.report_unused_variables(child);
            }
        }
    }

    pub(super) fn report_unused_imports(&mut self) {
        if self.options.ignore_func_bodies {
            return;
        }
        for obj in std::mem::take(&mut self.import_names) {
            let ObjKind::PkgName { imported } = obj.kind else { continue };
            if obj.name == "_" || obj.used() {
                continue;
            }
            let path = imported.path;
            let last = path.rsplit('/').next().unwrap_or(path);
            let text = if obj.name.is_empty() || obj.name == "." || obj.name == last {
                format!("{path:?} imported and not used")
            } else {
                format!("{path:?} imported as {} and not used", obj.name)
            };
            self.soft_error(obj.pos, Code::UnusedImport, text);
        }
    }

    pub(super) fn order_initialisation(&mut self) {
        let nodes: Vec<Node> = self
            .decls
            .iter()
            .map(|d| {
                let kind = match d.kind {
                    DeclKind::Const { .. } => NodeKind::Const,
                    DeclKind::Var { .. } => NodeKind::Var,
                    DeclKind::Func(_) => NodeKind::Func,
                    DeclKind::Type(_) => NodeKind::Other,
                };
                let mut deps: Vec<u32> = self.decls[d.deps_of as usize].deps.iter().copied().collect();
                deps.sort_unstable();
                Node { kind, deps }
            })
            .collect();
        let order = init_order::compute(&nodes);
        for cycle in &order.cycles {
            self.report_init_cycle(cycle);
        }
        let mut emitted = Vec::new();
        for number in order.nodes {
            let decl = &self.decls[number as usize];
            let DeclKind::Var { lhs, init: Some(init), .. } = &decl.kind else { continue };
            let lhs = lhs.as_ref().map_or(vec![decl.obj], |l| l.to_vec());
            // Variables that share an initialiser come once.
            if lhs.len() > 1 && emitted.contains(&init.id) {
                continue;
            }
            emitted.extend((lhs.len() > 1).then_some(init.id));
            let rhs = init.id;
            self.info.init_order.push(Initializer { lhs, rhs });
        }
    }

    fn report_init_cycle(&mut self, cycle: &[u32]) {
        let obj = |i: u32| self.decls[i as usize].obj;
        let mut at = obj(cycle[0]);
        let mut fault = Fault::new(Code::InvalidInitCycle);
        if cycle.len() == 1 {
            fault.add(at.pos, format!("initialization cycle: {} refers to itself", at.name));
        } else {
            fault.add(at.pos, format!("initialization cycle for {}", at.name));
            for &next in cycle.iter().rev() {
                let next = obj(next);
                fault.add(at.pos, format!("{} refers to {}", at.name, next.name));
                at = next;
            }
        }
        self.report(fault);
    }
}
