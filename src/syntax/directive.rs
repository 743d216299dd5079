//! Comments that speak to the compiler: `//go:name arguments`, `//line file:line:column`.

use super::ast::Directive;
use super::scanner::Comment;
use crate::base::{FileId, Pos, SourceFile, span::LineDirective};

/// The `//go:…` and `//export` comments among `comments`.
pub(super) fn directives(file: FileId, comments: &[Comment<'_>]) -> Vec<Directive> {
    comments
        .iter()
        .filter(|c| !c.block && !c.text.starts_with(b"line "))
        .map(|c| directive(file, c))
        .collect()
}

fn directive(file: FileId, comment: &Comment<'_>) -> Directive {
    let text = String::from_utf8_lossy(comment.text);
    let (name, args) = text.split_once([' ', '\t']).unwrap_or((&text, ""));
    Directive {
        pos: Pos::new(file, comment.offset),
        name: name.to_owned(),
        args: args.trim().to_owned(),
        own_line: comment.own_line,
    }
}

/// The `line` directives, in source order. A line comment must begin its line in column 1.
pub(super) fn line_directives(comments: &[Comment<'_>], source: &SourceFile) -> Vec<LineDirective> {
    comments.iter().filter_map(|c| line_directive(c, source)).collect()
}

fn line_directive(comment: &Comment<'_>, source: &SourceFile) -> Option<LineDirective> {
    let text = std::str::from_utf8(comment.text.strip_prefix(b"line ")?).ok()?;
    let (line, column) = source.line_column(comment.offset);
    if !comment.block && column != 1 {
        return None;
    }
    let (rest, last) = text.rsplit_once(':')?;
    let last: u32 = last.trim_end().parse().ok().filter(|&n| n > 0)?;
    let (name, shown_line, shown_column) = match rest.rsplit_once(':') {
        Some((name, middle)) if middle.parse::<u32>().is_ok_and(|n| n > 0) => {
            (name, middle.parse().expect("just parsed"), last)
        }
        _ => (rest, last, 0),
    };
    // What follows the comment is at the given place: the next line, or the byte after a block comment.
    let offset = if comment.block {
        comment.offset + comment.text.len() as u32 + 4
    } else {
        source.line_starts.get(line as usize).copied()?
    };
    // An empty name with a column keeps the file's name.
    let file = (!name.is_empty()).then(|| name.to_owned());
    Some(LineDirective { offset, file, line: shown_line, column: shown_column })
}
