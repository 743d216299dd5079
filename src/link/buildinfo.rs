//! What an executable says about its own making: the build info blob and the build id note.
//!
//! ```text
//! go:buildinfo = "\xff Go buildinf:" ptrsize:u8 flags:u8 0*16  uvarint+version  uvarint+modinfo   flags: 2 = inline strings
//! modinfo      = 16 bytes  text  16 bytes
//! note         = namesize:u32 descsize:u32 type:u32 name padded desc padded
//! ```

/// `debug/buildinfo` and `runtime/debug` cut off as many bytes on each side; the values tell where the text starts when
/// a file is searched for it.
const MODINFO_START: [u8; 16] =
    [0x30, 0x77, 0xaf, 0x0c, 0x92, 0x74, 0x08, 0x02, 0x41, 0xe1, 0xc1, 0x07, 0xe6, 0xd6, 0x18, 0xe6];
const MODINFO_END: [u8; 16] =
    [0xf9, 0x32, 0x43, 0x31, 0x86, 0x18, 0x20, 0x72, 0x00, 0x82, 0x42, 0x10, 0x41, 0x16, 0xd8, 0xf2];

/// The value of `runtime.modinfo`; empty when there is nothing to tell.
pub(super) fn framed_modinfo(text: &str) -> Vec<u8> {
    if text.is_empty() {
        return Vec::new();
    }
    [&MODINFO_START[..], text.as_bytes(), &MODINFO_END[..]].concat()
}

/// The blob that `go version -m` looks for.
pub(super) fn blob(version: &str, modinfo: &[u8]) -> Vec<u8> {
    let mut out = b"\xff Go buildinf:".to_vec();
    out.extend([8, 2]);
    out.resize(32, 0);
    for part in [version.as_bytes(), modinfo] {
        let mut n = part.len();
        while n >= 0x80 {
            out.push(n as u8 | 0x80);
            n >>= 7;
        }
        out.push(n as u8);
        out.extend_from_slice(part);
    }
    out.resize(out.len().next_multiple_of(16), 0);
    out
}

/// The note `go tool buildid` reads.
pub(super) fn go_build_id_note(id: &str) -> Vec<u8> {
    note(b"Go\0\0", 4, id.as_bytes())
}

/// The note debuggers and package tools read.
pub(super) fn gnu_build_id_note(digest: &[u8; 20]) -> Vec<u8> {
    note(b"GNU\0", 3, digest)
}

fn note(name: &[u8; 4], kind: u32, desc: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    for word in [4, desc.len() as u32, kind] {
        out.extend(word.to_le_bytes());
    }
    out.extend_from_slice(name);
    out.extend_from_slice(desc);
    out.resize(out.len().next_multiple_of(4), 0);
    out
}
