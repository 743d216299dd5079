//! An object file written here is read back by a reader that is not ours.

use ::object::read::elf::ElfFile64;
use ::object::{Object as _, ObjectSection as _, ObjectSymbol as _, RelocationTarget};

use super::*;
use crate::object::{Data, DataRelocKind, Section};

fn data(name: &str, section: Section) -> Data {
    let mut data = Data::new(name, section, 8, 0);
    data.put(0, &[7; 8]);
    data.pointer(8, "p.f");
    data.reloc(16, DataRelocKind::TypeOff32, "type:int", 0);
    data
}

fn write(codes: &[crate::object::Code], datas: &[Data]) -> Result<Vec<u8>, String> {
    relocatable("p", codes, datas, &backend())
}

#[test]
fn symbols_and_relocations_are_there() {
    let func =
        crate::ir::parse("func \"p.f\"() -> () {\nblock0:\n  call \"q.g\"() : () -> ()\n  return\n}\n")
            .unwrap();
    let code = compile(&func[0], &backend(), &mut Scratch::default());
    let bytes =
        write(std::slice::from_ref(&code), &[data("p.d", Section::Data), data("p.r", Section::RoData)])
            .unwrap();
    let file = ElfFile64::<::object::Endianness>::parse(&*bytes).unwrap();
    let symbol =
        |name: &str| file.symbols().find(|s| s.name() == Ok(name)).unwrap_or_else(|| panic!("{name}"));
    assert!(symbol("p.f").is_definition() && symbol("p.d").is_definition());
    assert!(symbol("q.g").is_undefined() && symbol("type:int").is_undefined());
    let section = file.section_by_index(symbol("p.f").section_index().unwrap()).unwrap();
    let at = symbol("p.f").address() as usize;
    assert_eq!(section.data().unwrap()[at..][..code.bytes.len()], code.bytes);

    let section = file.section_by_index(symbol("p.d").section_index().unwrap()).unwrap();
    let relocations: Vec<(u64, u8, String)> = section
        .relocations()
        .map(|(offset, r)| {
            let RelocationTarget::Symbol(target) = r.target() else { panic!("{r:?}") };
            let name = file.symbol_by_index(target).unwrap().name().unwrap().to_owned();
            (offset - symbol("p.d").address(), r.size(), name)
        })
        .collect();
    assert_eq!(relocations, [(8, 64, "p.f".to_owned()), (16, 32, "type:int".to_owned())]);
}

#[test]
fn one_name_twice_is_an_error() {
    let twice = [data("p.d", Section::Data), data("p.d", Section::Data)];
    assert!(write(&[], &twice).is_err());
}
