//! Patterns over slash-separated names: `...` for import paths, shell patterns for embeds.

/// Whether `name` is matched by an import path pattern: `...` stands for any string, and `x/...` matches `x` too.
///
/// An element `vendor` is matched only by an element `vendor` written out.
pub fn path_matches(pattern: &str, name: &str) -> bool {
    let hidden = |text: &str| -> Vec<char> {
        let parts = text.split('/').map(|part| if part == "vendor" { "\0" } else { part });
        parts.collect::<Vec<_>>().join("/").chars().collect()
    };
    // `vendor/...` names what is below a vendor directory on purpose; a bare `...` does not reach into one.
    let pattern = pattern.replace("...", "\u{1}");
    let pattern_chars = hidden(&pattern);
    let name = hidden(name);
    if wild(&pattern_chars, &name) {
        return true;
    }
    pattern.strip_suffix("/\u{1}").is_some_and(|stem| wild(&hidden(stem), &name))
}

/// `\u{1}` matches any run of characters but the mark of a vendor directory.
fn wild(pattern: &[char], name: &[char]) -> bool {
    match pattern.split_first() {
        None => name.is_empty(),
        Some(('\u{1}', rest)) => {
            let reach = name.iter().position(|&c| c == '\0').unwrap_or(name.len());
            (0..=reach).any(|n| wild(rest, &name[n..]))
        }
        Some((c, rest)) => name.first() == Some(c) && wild(rest, &name[1..]),
    }
}

/// Whether some name below `dir` could be matched: only then is the directory walked.
pub fn tree_can_match(pattern: &str, dir: &str) -> bool {
    let Some(wild) = pattern.find("...") else { return pattern == dir };
    let fixed = &pattern[..wild];
    if dir.len() >= fixed.len() {
        dir.starts_with(fixed) || fixed.strip_suffix('/') == Some(dir)
    } else {
        fixed.starts_with(dir) && (dir.is_empty() || fixed.as_bytes()[dir.len()] == b'/')
    }
}

/// One element against a shell pattern: `*`, `?`, `[a-z]`, `[^x]`, `\c`. None: the pattern is malformed.
pub fn glob_matches(pattern: &str, name: &str) -> Option<bool> {
    let pattern: Vec<char> = pattern.chars().collect();
    let name: Vec<char> = name.chars().collect();
    // A malformed pattern is malformed whatever the name is.
    check(&pattern)?;
    Some(glob(&pattern, &name))
}

fn check(mut pattern: &[char]) -> Option<()> {
    while let Some((&c, rest)) = pattern.split_first() {
        pattern = match c {
            '\\' => rest.get(1..).or(if rest.is_empty() { None } else { Some(&[]) })?,
            '[' => class(rest, None)?.1,
            _ => rest,
        };
    }
    Some(())
}

/// Reads a class behind its `[`: whether `c` is in it, and what follows.
fn class(pattern: &[char], c: Option<char>) -> Option<(bool, &[char])> {
    let (negated, mut rest) = match pattern {
        ['^', rest @ ..] => (true, rest),
        _ => (false, pattern),
    };
    let mut found = false;
    let mut n = 0;
    loop {
        if let [']', tail @ ..] = rest
            && n > 0
        {
            return Some((found != negated, tail));
        }
        let (low, tail) = class_char(rest)?;
        let (high, tail) = match tail {
            ['-', tail @ ..] => class_char(tail)?,
            _ => (low, tail),
        };
        found |= c.is_some_and(|c| (low..=high).contains(&c));
        rest = tail;
        n += 1;
    }
}

fn class_char(pattern: &[char]) -> Option<(char, &[char])> {
    match pattern {
        ['-' | ']', ..] | [] => None,
        ['\\', c, rest @ ..] if !rest.is_empty() => Some((*c, rest)),
        ['\\', ..] => None,
        [c, rest @ ..] if !rest.is_empty() => Some((*c, rest)),
        _ => None,
    }
}

fn glob(pattern: &[char], name: &[char]) -> bool {
    match pattern {
        [] => name.is_empty(),
        ['*', rest @ ..] => (0..=name.len()).any(|n| glob(rest, &name[n..])),
        ['?', rest @ ..] => !name.is_empty() && glob(rest, &name[1..]),
        ['[', rest @ ..] => match (class(rest, name.first().copied()), name) {
            (Some((true, rest)), [_, name @ ..]) => glob(rest, name),
            _ => false,
        },
        ['\\', c, rest @ ..] | [c, rest @ ..] => name.first() == Some(c) && glob(rest, &name[1..]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dots_match_as_in_go() {
        for (pattern, name, expected) in [
            ("...", "foo", true),
            ("net", "net", true),
            ("net/...", "net", true),
            ("net/...", "net/http", true),
            ("net/...", "netchan", false),
            ("net...", "netchan", true),
            ("./...", "./vendor", false),
            ("./...", "./vendor/foo", false),
            ("./vendor/...", "./vendor/foo", true),
            ("x.../y", "xz/y", true),
        ] {
            assert_eq!(path_matches(pattern, name), expected, "{pattern} {name}");
        }
    }

    #[test]
    fn globs_match_as_in_go() {
        for (pattern, name, expected) in [
            ("*.txt", "a.txt", Some(true)),
            ("a?c", "abc", Some(true)),
            ("[a-c]x", "bx", Some(true)),
            ("[^a-c]x", "bx", Some(false)),
            ("a\\*", "a*", Some(true)),
            ("[", "a", None),
            ("[a", "a", None),
            ("a\\", "a", None),
        ] {
            assert_eq!(glob_matches(pattern, name), expected, "{pattern} {name}");
        }
    }
}
