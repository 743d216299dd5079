//! The ids of a function's parts, and the types of its values.
//!
//! Ids are dense numbers local to one [`Func`](super::Func); they mean nothing outside it and are never hashed on their own.

use std::fmt;

use cranelift_entity::entity_impl;
use serde::{Deserialize, Serialize};

macro_rules! entity {
    ($(#[$doc:meta] $name:ident $prefix:literal),* $(,)?) => { $(
        #[$doc]
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub struct $name(u32);
        entity_impl!($name, $prefix);
    )* };
}

entity! {
    /// A basic block.
    Block "block",
    /// An SSA value: a result of an instruction or a parameter of a block.
    Value "v",
    /// An instruction.
    Inst "inst",
    /// A piece of the function's frame.
    Slot "slot",
    /// An entry of the function's table of symbol names.
    Sym "sym",
    /// An entry of the function's table of signatures.
    SigRef "sig",
    /// An entry of the function's table of source locations.
    Loc "loc",
    /// An entry of the function's table of inlined calls.
    Site "site",
    /// A mutable variable of the builder; gone once the function is finished.
    Var "var",
}

/// What a value is. A bool is an `I8` holding 0 or 1; `Ptr` is an `I64` the collector cares about.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum Ty {
    I8,
    I16,
    I32,
    I64,
    F32,
    F64,
    Ptr,
}

impl Ty {
    pub const ALL: [Ty; 7] = [Ty::I8, Ty::I16, Ty::I32, Ty::I64, Ty::F32, Ty::F64, Ty::Ptr];

    /// Size in bytes, which is its alignment too.
    pub fn bytes(self) -> u32 {
        match self {
            Ty::I8 => 1,
            Ty::I16 => 2,
            Ty::I32 | Ty::F32 => 4,
            Ty::I64 | Ty::F64 | Ty::Ptr => 8,
        }
    }

    pub fn bits(self) -> u32 {
        self.bytes() * 8
    }

    pub fn is_float(self) -> bool {
        matches!(self, Ty::F32 | Ty::F64)
    }

    /// An integer or a pointer: what travels in integer registers.
    pub fn is_int(self) -> bool {
        !self.is_float()
    }

    pub fn name(self) -> &'static str {
        match self {
            Ty::I8 => "i8",
            Ty::I16 => "i16",
            Ty::I32 => "i32",
            Ty::I64 => "i64",
            Ty::F32 => "f32",
            Ty::F64 => "f64",
            Ty::Ptr => "ptr",
        }
    }

    pub fn from_name(name: &str) -> Option<Ty> {
        Ty::ALL.into_iter().find(|ty| ty.name() == name)
    }

    /// The integer type of `bytes` bytes.
    pub fn int(bytes: u32) -> Ty {
        match bytes {
            1 => Ty::I8,
            2 => Ty::I16,
            4 => Ty::I32,
            8 => Ty::I64,
            _ => panic!("no integer type has {bytes} bytes"),
        }
    }
}

impl fmt::Display for Ty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
