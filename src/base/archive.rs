//! Many runs of bytes in one object, each found without reading the others.
//!
//! ```text
//! archive = count:u32 end:u32*count bytes        ends count from the first byte after the table
//! ```

/// Puts `items` one after the other.
pub fn pack<T: AsRef<[u8]>>(items: &[T]) -> Vec<u8> {
    let total: usize = items.iter().map(|item| item.as_ref().len()).sum();
    let mut out = Vec::with_capacity(4 + 4 * items.len() + total);
    out.extend((items.len() as u32).to_le_bytes());
    let mut end = 0u32;
    for item in items {
        end += u32::try_from(item.as_ref().len()).expect("an object takes less than 4 GiB");
        out.extend(end.to_le_bytes());
    }
    items.iter().for_each(|item| out.extend_from_slice(item.as_ref()));
    out
}

/// Item number `i`, if the archive has so many and is whole.
pub fn item(archive: &[u8], i: usize) -> Option<&[u8]> {
    let word = |at: usize| Some(u32::from_le_bytes(archive.get(at..at + 4)?.try_into().ok()?) as usize);
    let count = word(0)?;
    if i >= count {
        return None;
    }
    let start = if i == 0 { 0 } else { word(4 * i)? };
    let end = word(4 + 4 * i)?;
    archive.get(4 + 4 * count..)?.get(start..end)
}

/// How many items there are.
pub fn count(archive: &[u8]) -> usize {
    archive.first_chunk::<4>().map_or(0, |word| u32::from_le_bytes(*word) as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_come_back() {
        let packed = pack(&[&b"one"[..], b"", b"three"]);
        assert_eq!(count(&packed), 3);
        assert_eq!((item(&packed, 0), item(&packed, 1)), (Some(&b"one"[..]), Some(&b""[..])));
        assert_eq!((item(&packed, 2), item(&packed, 3)), (Some(&b"three"[..]), None));
        assert_eq!((item(&packed[..9], 2), item(b"", 0)), (None, None));
    }
}
