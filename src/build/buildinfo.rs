//! What an executable tells about its making: the lines of `version -m`, written and read.
//!
//! ```text
//! path	example.com/m/cmd/hi
//! mod	example.com/m	(devel)
//! dep	example.com/lib	v1.2.3	h1:…        followed by  =>	path	version	sum  for a replacement
//! build	-ldflags=…
//! ```

/// A module as a line names it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct ModuleLine {
    pub path: String,
    pub version: String,
    pub sum: String,
    pub replace: Option<Box<ModuleLine>>,
}

/// The lines of one executable, without its Go version.
pub fn modinfo(
    path: &str,
    main: Option<&ModuleLine>,
    deps: &[ModuleLine],
    settings: &[(String, String)],
) -> String {
    let mut out = format!("path\t{path}\n");
    let mut module = |word: &str, module: &ModuleLine| {
        let mut line = format!("{word}\t{}\t{}", module.path, module.version);
        match &module.replace {
            None => line += &format!("\t{}", module.sum),
            Some(by) => line += &format!("\n=>\t{}\t{}\t{}", by.path, by.version, by.sum),
        }
        out += &line;
        out.push('\n');
    };
    if let Some(main) = main {
        module("mod", main);
    }
    deps.iter().for_each(|dep| module("dep", dep));
    for (name, value) in settings {
        let quote = |s: &str, extra: &str| {
            let plain = !s.is_empty()
                && !s.contains([' ', '\t', '\r', '\n', '"', '`'])
                && !s.contains(|c| extra.contains(c));
            if plain || (s.is_empty() && extra.is_empty()) { s.to_owned() } else { format!("{s:?}") }
        };
        out += &format!("build\t{}={}\n", quote(name, "="), quote(value, ""));
    }
    out
}

/// What [`read`] finds in an executable.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BuildInfo {
    pub version: String,
    pub modinfo: String,
}

/// Finds the build info of a Go executable of the inline form (Go 1.18 and later).
pub fn read(exe: &[u8]) -> Option<BuildInfo> {
    const MAGIC: &[u8] = b"\xff Go buildinf:";
    const HEADER: usize = 32;
    const INLINE: u8 = 2;
    // Executables only: a source file or an archive may hold the magic words as data.
    let executable =
        [&b"\x7fELF"[..], b"MZ", b"\xcf\xfa\xed\xfe", b"\xce\xfa\xed\xfe", b"\xfe\xed\xfa\xcf", b"\x00asm"];
    if !executable.iter().any(|magic| exe.starts_with(magic)) {
        return None;
    }
    memchr::memmem::find_iter(exe, MAGIC).filter(|at| at % 16 == 0).find_map(|at| {
        let blob = &exe[at..];
        if blob.get(15)? & INLINE == 0 {
            return None;
        }
        let mut rest = blob.get(HEADER..)?;
        let version = text(&mut rest)?;
        let modinfo = text(&mut rest)?;
        // Sixteen bytes on each side mark the text for those who search a file.
        let modinfo = match modinfo.len() {
            n if n >= 33 && modinfo[n - 17] == b'\n' => &modinfo[16..n - 16],
            _ => &[],
        };
        let version = String::from_utf8(version.to_vec()).ok()?;
        Some(BuildInfo { version, modinfo: String::from_utf8_lossy(modinfo).into_owned() })
    })
}

/// A length as a varint, and that many bytes.
fn text<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let mut len = 0usize;
    for shift in (0..35).step_by(7) {
        let (&byte, tail) = rest.split_first()?;
        *rest = tail;
        len |= usize::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            let (text, tail) = rest.split_at_checked(len)?;
            *rest = tail;
            return Some(text);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines() {
        let main = ModuleLine { path: "m".into(), version: "(devel)".into(), ..ModuleLine::default() };
        let by = ModuleLine { path: "./x".into(), ..ModuleLine::default() };
        let dep = ModuleLine {
            path: "d".into(),
            version: "v1.0.0".into(),
            replace: Some(Box::new(by)),
            ..ModuleLine::default()
        };
        let settings = [("-ldflags".to_owned(), "-X a.b=c d".to_owned())];
        assert_eq!(
            modinfo("m/cmd", Some(&main), &[dep], &settings),
            "path\tm/cmd\nmod\tm\t(devel)\t\ndep\td\tv1.0.0\n=>\t./x\t\t\nbuild\t-ldflags=\"-X a.b=c d\"\n"
        );
    }

    #[test]
    fn damaged_executables_are_no_executables() {
        let mut exe = b"\x7fELF".to_vec();
        exe.resize(16, 0);
        exe.extend(b"\xff Go buildinf:\x08\x02");
        assert_eq!(read(&exe), None);
        exe.resize(48, 0);
        exe.extend([200, 200, 200]);
        assert_eq!(read(&exe), None);
    }
}
