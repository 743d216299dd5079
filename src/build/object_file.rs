//! A package as a relocatable object: what `build -o x.o` writes, and `build -o name` of a library.

use rayon::prelude::*;

use super::analysis::Plan;
use crate::codegen::{self, Backend, Scratch};
use crate::modules::PackageId;
use crate::object::{Data, DataReloc};
use crate::store::Store;

/// The object file of package `id`, named `name` inside: all its functions, called or not, and all its data.
pub fn object_file(
    plan: &Plan,
    id: PackageId,
    name: &str,
    backend: &Backend,
    store: &Store,
) -> Result<Vec<u8>, String> {
    let compile = |scratch: &mut Scratch, at| codegen::compile(&plan.optimized(at), backend, scratch);
    let codes: Vec<_> = plan.funcs_of(id).into_par_iter().map_init(Scratch::default, compile).collect();
    let universe = &plan.universe;
    let mut datas = Vec::new();
    for at in plan.datas_of(id) {
        let numbered = universe.read_data(at, store);
        let mut data =
            Data::new(universe.names.get(numbered.name), numbered.section, numbered.align, numbered.size);
        data.bytes = numbered.bytes;
        data.dup_ok = numbered.dup_ok;
        data.relocs = numbered
            .relocs
            .iter()
            .map(|reloc| DataReloc {
                offset: reloc.offset,
                kind: reloc.kind,
                target: universe.names.get(reloc.target).into(),
                addend: reloc.addend,
            })
            .collect();
        datas.push(data);
    }
    codegen::relocatable(name, &codes, &datas, backend)
}
