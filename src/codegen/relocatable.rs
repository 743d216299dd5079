//! A package as an ELF relocatable object, for objdump, nm and gdb: `build -o x.o`.
//!
//! Every function and data symbol is there under its linker name. Offsets from the start of the types or of the text
//! (`typeOff`, `nameOff`, `textOff`) become 32-bit absolute relocations against their target, since no ELF relocation
//! says "from the start of that region": a system linker would have to know Go's layout, so this is a file to look at,
//! not one to link into an executable.

use std::collections::BTreeMap;
use std::sync::Arc;

use cranelift_codegen::binemit::Reloc;
use cranelift_codegen::ir::{Signature, UserExternalName};
use cranelift_codegen::isa::CallConv;
use cranelift_module::{
    DataDescription, DataId, FuncId, FuncOrDataId, Linkage, Module, ModuleReloc, ModuleRelocTarget,
    default_libcall_names,
};
use cranelift_object::object::write::{Relocation, SymbolId, SymbolSection};
use cranelift_object::object::{RelocationEncoding, RelocationFlags, RelocationKind};
use cranelift_object::{ObjectBuilder, ObjectModule, ObjectProduct};

use super::Backend;
use crate::object::{Code, CodeRelocKind, Data, DataRelocKind, Section};

/// Writes an object file of `name` (what its file symbol says) with the given functions and data.
///
/// Whatever they refer to and is not among them is an undefined symbol. The order of the arguments decides the order in
/// the file. Fails when two of the symbols have one name.
pub fn relocatable(name: &str, codes: &[Code], datas: &[Data], backend: &Backend) -> Result<Vec<u8>, String> {
    let builder = ObjectBuilder::new(backend.isa.clone(), name, default_libcall_names())
        .map_err(|e| format!("{name}: {e}"))?;
    let mut writer = Writer { module: ObjectModule::new(builder), ids: BTreeMap::new() };
    for code in codes {
        writer.declare(&code.name, Linkage::Export, true)?;
    }
    for data in datas {
        let linkage = if data.dup_ok { Linkage::Preemptible } else { Linkage::Export };
        let writable = !(data.section == Section::RoData || data.section.is_types());
        let id = writer.module.declare_data(&data.name, linkage, writable, false);
        writer.ids.insert(data.name.clone(), FuncOrDataId::Data(id.map_err(|e| e.to_string())?));
    }
    codes.iter().try_for_each(|code| writer.code(code))?;
    datas.iter().try_for_each(|data| writer.data(data))?;
    let mut product = writer.module.finish();
    for data in datas {
        relocate(&mut product, data, &writer.ids)?;
    }
    product.emit().map_err(|e| format!("{name}: {e}"))
}

struct Writer {
    module: ObjectModule,
    ids: BTreeMap<Arc<str>, FuncOrDataId>,
}

impl Writer {
    fn declare(&mut self, name: &Arc<str>, linkage: Linkage, is_func: bool) -> Result<FuncOrDataId, String> {
        if let Some(&id) = self.ids.get(name) {
            return Ok(id);
        }
        let id = if is_func {
            // Nobody calls it from here: the shape of the signature does not matter.
            let signature = Signature::new(CallConv::Tail);
            self.module.declare_function(name, linkage, &signature).map(FuncOrDataId::Func)
        } else {
            self.module.declare_data(name, linkage, true, false).map(FuncOrDataId::Data)
        };
        let id = id.map_err(|e| e.to_string())?;
        self.ids.insert(name.clone(), id);
        Ok(id)
    }

    fn code(&mut self, code: &Code) -> Result<(), String> {
        let mut relocs = Vec::new();
        for reloc in &code.relocs {
            let id = self.declare(&code.syms[reloc.target as usize], Linkage::Import, false)?;
            let (kind, addend) = match reloc.kind {
                CodeRelocKind::PcRel32 => (Reloc::X86PCRel4, reloc.addend),
                CodeRelocKind::Abs64 => (Reloc::Abs8, reloc.addend),
            };
            relocs.push(ModuleReloc { offset: reloc.offset, kind, name: target(id), addend });
        }
        let FuncOrDataId::Func(id) = self.ids[&code.name] else {
            return Err(format!("{} is both a function and data", code.name));
        };
        let align = u64::from(code.align.max(1));
        self.module.define_function_bytes(id, align, &code.bytes, &relocs).map_err(|e| e.to_string())
    }

    fn data(&mut self, data: &Data) -> Result<(), String> {
        let FuncOrDataId::Data(id) = self.ids[&data.name] else {
            return Err(format!("{} is both a function and data", data.name));
        };
        for reloc in &data.relocs {
            self.declare(&reloc.target, Linkage::Import, false)?;
        }
        let mut description = DataDescription::new();
        description.set_align(u64::from(data.align.max(1)));
        if data.section.is_zero() {
            description.define_zeroinit(data.size as usize);
        } else {
            let mut bytes = data.bytes.clone();
            bytes.resize(data.size as usize, 0);
            description.define(bytes.into());
        }
        self.module.define_data(id, &description).map_err(|e| e.to_string())
    }
}

fn target(id: FuncOrDataId) -> ModuleRelocTarget {
    // The name space tells functions from data, as `FuncId` and `DataId` are told apart by the module.
    let name: UserExternalName = match id {
        FuncOrDataId::Func(id) => UserExternalName::new(0, FuncId::as_u32(id)),
        FuncOrDataId::Data(id) => UserExternalName::new(1, DataId::as_u32(id)),
    };
    ModuleRelocTarget::user(name.namespace, name.index)
}

/// Adds the relocations of a data symbol, which the module itself could only make of the width of a pointer.
fn relocate(
    product: &mut ObjectProduct,
    data: &Data,
    ids: &BTreeMap<Arc<str>, FuncOrDataId>,
) -> Result<(), String> {
    let symbol_of = |product: &ObjectProduct, name: &Arc<str>| -> SymbolId {
        match ids[name] {
            FuncOrDataId::Func(id) => product.function_symbol(id),
            FuncOrDataId::Data(id) => product.data_symbol(id),
        }
    };
    let symbol = symbol_of(product, &data.name);
    let (start, section) = match product.object.symbol(symbol) {
        symbol if symbol.section.id().is_some() => (symbol.value, symbol.section),
        _ => return Err(format!("{} was not placed", data.name)),
    };
    let SymbolSection::Section(section) = section else { return Ok(()) };
    for reloc in &data.relocs {
        let (kind, size) = match reloc.kind {
            DataRelocKind::Abs64 | DataRelocKind::WeakAbs64 => (RelocationKind::Absolute, 64),
            DataRelocKind::PcRel32 => (RelocationKind::Relative, 32),
            DataRelocKind::TypeOff32
            | DataRelocKind::WeakTypeOff32
            | DataRelocKind::TextOff32
            | DataRelocKind::Method(_) => (RelocationKind::Absolute, 32),
            DataRelocKind::Needs => continue,
        };
        let relocation = Relocation {
            offset: start + u64::from(reloc.offset),
            symbol: symbol_of(product, &reloc.target),
            addend: reloc.addend,
            flags: RelocationFlags::Generic { kind, encoding: RelocationEncoding::Generic, size },
        };
        product.object.add_relocation(section, relocation).map_err(|e| format!("{}: {e}", data.name))?;
    }
    Ok(())
}
