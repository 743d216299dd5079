//! Where the fields of a package's structs lie, by name: for code that touches them without Go source.

use super::layout;
use crate::types::{Kind, PkgRef};

/// The fields of a struct type declared in `package`, with their offsets; those of embedded structs as well. None if
/// there is no such struct.
pub fn struct_fields(package: PkgRef, name: &str) -> Option<Vec<(String, u64)>> {
    let obj = package.scope.lookup(name).filter(|obj| obj.is_type_name())?;
    let mut out = Vec::new();
    collect(obj.typ(), 0, &mut out)?;
    Some(out)
}

fn collect(ty: crate::types::Ty, base: u64, out: &mut Vec<(String, u64)>) -> Option<()> {
    let Kind::Struct(s) = ty.under() else { return None };
    let offsets = layout::of(ty).fields.clone();
    for (field, offset) in s.fields.iter().zip(&offsets) {
        out.push((field.name.to_owned(), base + offset));
    }
    for (field, offset) in s.fields.iter().zip(&offsets).filter(|(field, _)| field.is_embedded()) {
        collect(field.typ(), base + offset, out);
    }
    Some(())
}
