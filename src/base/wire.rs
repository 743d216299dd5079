//! The one door to the byte encoding of values: bincode behind two functions.
//!
//! Stage outputs and run records go through here and nowhere else, so that the encoding can be
//! replaced in one file. Bytes: bincode 2, little endian, fixed-width off (varint), as
//! `cache-format.md` says.
//!
//! # What holds
//! - `decode(encode(x)) == x`, and equal values have equal bytes (no map with an order of its own
//!   may be part of a stage's output).
//! - Damaged bytes are an error: never a panic, never an allocation out of proportion to the input.

use std::fmt;

use bincode::config::{Configuration, Limit, LittleEndian, Varint};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// What can go through the door.
pub trait Wire: Serialize + DeserializeOwned {}

impl<T: Serialize + DeserializeOwned> Wire for T {}

/// The bytes do not hold a value of the type asked for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WireError(pub String);

impl fmt::Display for WireError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot decode: {}", self.0)
    }
}

impl std::error::Error for WireError {}

/// Up to this many input bytes the tight limit is used.
const SMALL_INPUT: usize = 1 << 20;
/// bincode counts what it is about to hold in memory, at most 16 bytes for one byte of a varint.
const SMALL_LIMIT: usize = 16 * SMALL_INPUT;
const LARGE_LIMIT: usize = 16 << 30;

type Bounded<const N: usize> = Configuration<LittleEndian, Varint, Limit<N>>;

/// The bytes of `value`.
///
/// # Panics
/// If the type's own `Serialize` refuses: a bug in the type, not in the data.
pub fn encode<T: Serialize + ?Sized>(value: &T) -> Vec<u8> {
    bincode::serde::encode_to_vec(value, bincode::config::standard())
        .unwrap_or_else(|e| panic!("a stage output must be encodable: {e}"))
}

/// The value in `bytes`, which must be used up.
pub fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, WireError> {
    if bytes.len() <= SMALL_INPUT {
        let config: Bounded<SMALL_LIMIT> = bincode::config::standard().with_limit();
        finish(bincode::serde::decode_from_slice(bytes, config), bytes.len())
    } else {
        let config: Bounded<LARGE_LIMIT> = bincode::config::standard().with_limit();
        finish(bincode::serde::decode_from_slice(bytes, config), bytes.len())
    }
}

fn finish<T>(got: Result<(T, usize), bincode::error::DecodeError>, len: usize) -> Result<T, WireError> {
    match got {
        Ok((value, used)) if used == len => Ok(value),
        Ok((_, used)) => Err(WireError(format!("{} bytes left over", len - used))),
        Err(e) => Err(WireError(e.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_come_back() {
        let value = (7u32, "hello".to_owned(), vec![Some(1i64), None], vec![0u8; 3]);
        let bytes = encode(&value);
        assert_eq!(decode(&bytes), Ok(value));
    }

    #[test]
    fn left_over_bytes_are_an_error() {
        let mut bytes = encode(&5u8);
        bytes.push(0);
        assert!(decode::<u8>(&bytes).is_err());
    }

    #[test]
    fn damaged_bytes_are_an_error() {
        type Shape = (Vec<String>, Vec<Vec<u8>>, Option<Vec<(u64, String)>>);
        arbtest::arbtest(|u| {
            let bytes: Vec<u8> = u.arbitrary()?;
            let _ = decode::<Shape>(&bytes);
            Ok(())
        })
        .budget_ms(200);
        // A length of 2^60 for a string.
        let huge = [1, 253, 0, 0, 0, 0, 0, 0, 0, 16];
        assert!(decode::<Vec<String>>(&huge).is_err());
    }
}
