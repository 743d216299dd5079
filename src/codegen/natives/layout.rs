//! Where the fields are that natives touch in structs of the runtime.

use std::collections::BTreeMap;

/// (struct of package runtime, field): what [`NativeLayout`] must hold.
pub const NATIVE_FIELDS: &[(&str, &str)] = &[
    ("g", "m"),
    ("g", "sched"),
    ("g", "sig"),
    ("g", "sigcode0"),
    ("g", "sigcode1"),
    ("g", "sigpc"),
    ("g", "stack"),
    ("g", "stackguard0"),
    ("g", "stackguard1"),
    ("g", "thermosCheckX"),
    ("g", "thermosCheckY"),
    ("g", "thermosCtx"),
    ("g", "thermosOverflow"),
    ("gobuf", "bp"),
    ("gobuf", "ctxt"),
    ("gobuf", "g"),
    ("gobuf", "pc"),
    ("gobuf", "sp"),
    ("m", "curg"),
    ("m", "g0"),
    ("m", "gsignal"),
    ("m", "p"),
    ("m", "procid"),
    ("m", "tls"),
    ("p", "wbBuf"),
    ("stack", "hi"),
    ("stack", "lo"),
    ("wbBuf", "end"),
    ("wbBuf", "next"),
];

/// The offsets of [`NATIVE_FIELDS`], as our own type layout computes them.
#[derive(
    Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
pub struct NativeLayout {
    offsets: BTreeMap<String, u32>,
}

impl NativeLayout {
    /// Asks `offset_of` for each field.
    pub fn new(mut offset_of: impl FnMut(&str, &str) -> u32) -> Self {
        let offsets = NATIVE_FIELDS.iter().map(|&(t, f)| (format!("{t}.{f}"), offset_of(t, f))).collect();
        NativeLayout { offsets }
    }

    /// The offset of a field; it must be in [`NATIVE_FIELDS`].
    pub fn offset(&self, ty: &str, field: &str) -> i32 {
        match self.offsets.get(&format!("{ty}.{field}")) {
            Some(&offset) => offset as i32,
            None => panic!("{ty}.{field} is not in NATIVE_FIELDS"),
        }
    }
}
