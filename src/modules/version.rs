//! Versions of modules (semantic versions) and of Go, and what module paths may look like.

use std::cmp::Ordering;

/// The Go release this toolchain is, as in `runtime.Version()` without `go`.
pub const GO_RELEASE: &str = "1.27.3";

struct SemVer<'a> {
    numbers: [&'a str; 3],
    pre: &'a str,
}

fn parse_semver(text: &str) -> Option<SemVer<'_>> {
    let rest = text.strip_prefix('v')?;
    let rest = rest.split('+').next()?;
    let (core, pre) = match rest.find('-') {
        Some(i) => (&rest[..i], &rest[i + 1..]),
        None => (rest, ""),
    };
    let mut numbers = ["0"; 3];
    let mut n = 0;
    for part in core.split('.') {
        if n == 3 || part.is_empty() || !part.bytes().all(|b| b.is_ascii_digit()) || leading_zero(part) {
            return None;
        }
        numbers[n] = part;
        n += 1;
    }
    let whole = n == 3 || (pre.is_empty() && !rest.contains('-'));
    whole.then_some(SemVer { numbers, pre })
}

fn leading_zero(digits: &str) -> bool {
    digits.len() > 1 && digits.starts_with('0')
}

pub fn is_semver(text: &str) -> bool {
    parse_semver(text).is_some()
}

/// `v1.2.3` and nothing shorter.
pub fn is_canonical_semver(text: &str) -> bool {
    let core = text.split(['-', '+']).next().unwrap_or_default();
    is_semver(text) && core.matches('.').count() == 2
}

pub fn major(version: &str) -> &str {
    version.split('.').next().unwrap_or(version)
}

/// An invalid version is older than any valid one.
pub fn compare_semver(a: &str, b: &str) -> Ordering {
    match (parse_semver(a), parse_semver(b)) {
        (None, None) => Ordering::Equal,
        (None, Some(_)) => Ordering::Less,
        (Some(_), None) => Ordering::Greater,
        (Some(x), Some(y)) => {
            let numbers = x.numbers.iter().zip(y.numbers).map(|(x, y)| compare_digits(x, y));
            let by_number = numbers.fold(Ordering::Equal, Ordering::then);
            by_number.then_with(|| compare_pre(x.pre, y.pre))
        }
    }
}

fn compare_digits(x: &str, y: &str) -> Ordering {
    x.len().cmp(&y.len()).then_with(|| x.cmp(y))
}

fn compare_pre(x: &str, y: &str) -> Ordering {
    match (x.is_empty(), y.is_empty()) {
        (true, true) => return Ordering::Equal,
        (true, false) => return Ordering::Greater,
        (false, true) => return Ordering::Less,
        (false, false) => {}
    }
    let (mut xs, mut ys) = (x.split('.'), y.split('.'));
    loop {
        let (x, y) = match (xs.next(), ys.next()) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => return Ordering::Less,
            (Some(_), None) => return Ordering::Greater,
            (Some(x), Some(y)) => (x, y),
        };
        let is_number = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
        let order = match (is_number(x), is_number(y)) {
            (true, true) => compare_digits(x, y),
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
            (false, false) => x.cmp(y),
        };
        if order != Ordering::Equal {
            return order;
        }
    }
}

/// Orders `1.21`, `1.21rc1`, `1.21.0`, `1.21.3` as Go does: a language version comes before its release candidates.
pub fn compare_go(a: &str, b: &str) -> Ordering {
    parse_go(a).cmp(&parse_go(b))
}

/// Major, minor, kind (0: language version or beta, 1: rc, 2: release), number.
fn parse_go(text: &str) -> Option<(u32, u32, u8, u32)> {
    let (major, rest) = split_number(text)?;
    let Some(rest) = rest.strip_prefix('.') else {
        return rest.is_empty().then_some((major, 0, 2, 0));
    };
    let (minor, rest) = split_number(rest)?;
    if rest.is_empty() {
        // From Go 1.21 on `1.21` is the language; before, it was the first release.
        return Some((major, minor, if (major, minor) < (1, 21) { 2 } else { 0 }, 0));
    }
    let (kind, rest) = match rest {
        _ if rest.starts_with("beta") => (0, &rest[4..]),
        _ if rest.starts_with("rc") => (1, &rest[2..]),
        _ => (2, rest.strip_prefix('.')?),
    };
    let (number, rest) = split_number(rest)?;
    rest.is_empty().then_some((major, minor, kind, number + 1))
}

fn split_number(text: &str) -> Option<(u32, &str)> {
    let len = text.bytes().take_while(u8::is_ascii_digit).count();
    if leading_zero(&text[..len]) {
        return None;
    }
    Some((text[..len].parse().ok()?, &text[len..]))
}

pub fn is_go_version(text: &str) -> bool {
    parse_go(text).is_some()
}

/// `1.21.3` to `go1.21`.
pub fn language(version: &str) -> String {
    match parse_go(version) {
        Some((major, minor, ..)) if version.contains('.') => format!("go{major}.{minor}"),
        _ => format!("go{version}"),
    }
}

/// `example.com/x/v2` to (`example.com/x`, `/v2`); gopkg.in keeps its major after a dot.
pub fn split_major(path: &str) -> Option<(&str, &str)> {
    if path.starts_with("gopkg.in/") {
        let stem = path.strip_suffix("-unstable").unwrap_or(path);
        let dot = stem.rfind(".v")?;
        let digits = &stem[dot + 2..];
        let good = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) && !leading_zero(digits);
        return good.then_some((&path[..dot], &path[dot..]));
    }
    let digits = path.len() - path.bytes().rev().take_while(u8::is_ascii_digit).count();
    if digits == path.len() || !path[..digits].ends_with("/v") {
        return Some((path, ""));
    }
    let number = &path[digits..];
    if leading_zero(number) || number == "0" || number == "1" {
        return None;
    }
    Some((&path[..digits - 2], &path[digits - 2..]))
}

/// Upper case letters, which some file systems do not tell apart, are written `!a` in the module cache.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_ascii_uppercase() {
            out.push('!');
        }
        out.push(c.to_ascii_lowercase());
    }
    out
}

/// Why `path` is no import path, in the words of go; none if it is one.
pub fn check_import_path(path: &str) -> Option<String> {
    let fault = |what: String| Some(format!("malformed import path {path:?}: {what}"));
    if path.is_empty() {
        return fault("empty string".to_owned());
    }
    if path.starts_with('-') {
        return fault("leading dash".to_owned());
    }
    if path.contains("//") {
        return fault("double slash".to_owned());
    }
    if path.ends_with('/') {
        return fault("trailing slash".to_owned());
    }
    for element in path.split('/') {
        if element.is_empty() {
            return fault("empty path element".to_owned());
        }
        if element.bytes().all(|b| b == b'.') {
            return fault(format!("invalid path element {element:?}"));
        }
        if element.starts_with('.') && !path.contains("..") && element.len() == 1 {
            return fault("leading dot in path element".to_owned());
        }
        if element.ends_with('.') {
            return fault("trailing dot in path element".to_owned());
        }
        let allowed = |c: char| c.is_ascii_alphanumeric() || "-._~+".contains(c);
        if let Some(c) = element.chars().find(|&c| !allowed(c)) {
            return fault(format!("invalid char {c:?}"));
        }
        let short = element.split('.').next().unwrap_or(element);
        if WINDOWS_DEVICES.iter().any(|name| name.eq_ignore_ascii_case(short)) {
            return fault(format!("{short:?} disallowed as path element component on Windows"));
        }
        if let Some((_, digits)) = short.rsplit_once('~')
            && !digits.is_empty()
            && digits.bytes().all(|b| b.is_ascii_digit())
        {
            return fault("trailing tilde and digits in path element".to_owned());
        }
    }
    None
}

/// No file there can have these names, so no module may need one.
const WINDOWS_DEVICES: &[&str] = &[
    "CON", "com1", "com2", "com3", "com4", "com5", "com6", "com7", "com8", "com9", "lpt1", "lpt2", "lpt3",
    "lpt4", "lpt5", "lpt6", "lpt7", "lpt8", "lpt9", "NUL", "PRN", "AUX",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn semantic_versions_are_ordered() {
        let order = [
            "v0.9.0",
            "v1.0.0-alpha",
            "v1.0.0-alpha.1",
            "v1.0.0-beta",
            "v1.0.0",
            "v1.2.0",
            "v1.10.0",
            "v2.0.0",
        ];
        for pair in order.windows(2) {
            assert_eq!(compare_semver(pair[0], pair[1]), Ordering::Less, "{pair:?}");
        }
    }

    #[test]
    fn go_versions_are_ordered() {
        for pair in
            ["1.9", "1.20", "1.20.1", "1.21", "1.21rc1", "1.21.0", "1.21.3", "1.27.3", "1.99"].windows(2)
        {
            assert_eq!(compare_go(pair[0], pair[1]), Ordering::Less, "{pair:?}");
        }
        assert_eq!(language("1.21.3"), "go1.21");
    }

    #[test]
    fn majors_are_split_off() {
        assert_eq!(split_major("a.b/c/v2"), Some(("a.b/c", "/v2")));
        assert_eq!(split_major("a.b/c/v1"), None);
        assert_eq!(split_major("gopkg.in/yaml.v3"), Some(("gopkg.in/yaml", ".v3")));
        assert_eq!(escape("github.com/BurntSushi"), "github.com/!burnt!sushi");
    }
}
