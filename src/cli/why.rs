//! `why`: what a build did, and which inputs made it do so.

use serde_json::json;

use super::cache::{find_run, when};
use super::flags::{Flag, Flags, Takes};
use super::{Call, Failure, print};
use crate::engine::{Change, Ran, RunRecord};

pub(super) const FLAGS: &[&[Flag]] = &[&[("json", Takes::Bool), ("run", Takes::Text), ("C", Takes::Text)]];

/// More changed inputs than this are counted, not listed.
const MAX_CHANGES: usize = 12;

/// The stages in the order in which a change travels; others come after them by name.
const ORDER: &[&str] = &["scan", "package", "analyze", "codegen", "link"];

pub(super) fn why(call: &Call<'_>, flags: Flags) -> Result<u8, Failure> {
    let store = super::build::open_store(call)?;
    let record = find_run(&store, flags.text("run").unwrap_or("last"))?;
    let mut ran: Vec<&Ran> = record.ran.iter().filter(|ran| is_wanted(ran, &flags.args)).collect();
    ran.sort_by_key(|ran| place(&ran.stage));
    if flags.has("json") {
        print(&as_json(&record, &ran));
        return Ok(0);
    }
    let mut out = head(&record);
    ran.iter().for_each(|ran| out += &shown(ran));
    if ran.is_empty() && !flags.args.is_empty() {
        out += &format!("nothing that matches {} ran: its results were in the cache\n", flags.args.join(" "));
    }
    print(&out);
    Ok(0)
}

/// The command, and what it came to.
pub(super) fn head(record: &RunRecord) -> String {
    let totals = record.totals();
    let mut kinds: Vec<(&String, u64)> =
        record.counts.iter().map(|(stage, c)| (stage, c.ran)).filter(|(_, n)| *n > 0).collect();
    kinds.sort_by_key(|(stage, _)| place(stage));
    let kinds: Vec<String> = kinds.into_iter().map(|(stage, n)| format!("{stage} {n}")).collect();
    let kinds = if kinds.is_empty() { String::new() } else { format!(" ({})", kinds.join(", ")) };
    format!(
        "go {}\n{}\n{} ran{kinds}, {} cached\n",
        record.command.join(" "),
        when(record.started),
        totals.ran,
        totals.cached
    )
}

fn place(stage: &str) -> usize {
    ORDER.iter().position(|s| *s == stage).unwrap_or(ORDER.len())
}

/// A word names a stage, what the stage worked on (a file, an import path, a function, or its last part), or an
/// input that changed.
fn is_wanted(ran: &Ran, words: &[String]) -> bool {
    let names = |subject: &str, word: &str| {
        subject == word || subject.ends_with(&format!("/{word}")) || subject.starts_with(&format!("{word}."))
    };
    let changed = |word: &str| ran.changes.iter().flatten().any(|change| names(&change.name, word));
    words.is_empty()
        || words.iter().any(|word| ran.stage == *word || names(&ran.subject, word) || changed(word))
}

fn shown(ran: &Ran) -> String {
    let mut out = format!("{} {}\n", ran.stage, ran.subject);
    match &ran.changes {
        None => out += "\tfirst time\n",
        Some(changes) if changes.is_empty() => {
            out += "\tno input changed: its result was not in the cache, or -a\n"
        }
        Some(changes) => {
            changes.iter().take(MAX_CHANGES).for_each(|change| out += &format!("\t{}\n", one(change)));
            if changes.len() > MAX_CHANGES {
                out += &format!("\tand {} more\n", changes.len() - MAX_CHANGES);
            }
        }
    }
    out
}

/// `name old -> new`
pub(super) fn one(Change { name, old, new }: &Change) -> String {
    match (old, new) {
        (Some(old), Some(new)) => format!("{name} {old} -> {new}"),
        (None, Some(new)) => format!("{name} (new) {new}"),
        (Some(old), None) => format!("{name} {old} (gone)"),
        (None, None) => name.clone(),
    }
}

fn as_json(record: &RunRecord, ran: &[&Ran]) -> String {
    let change = |c: &Change| json!({ "name": c.name, "old": c.old, "new": c.new });
    let ran: Vec<_> = ran
        .iter()
        .map(|r| {
            json!({
                "stage": r.stage,
                "subject": r.subject,
                "key": r.key,
                "first": r.changes.is_none(),
                "changes": r.changes.iter().flatten().map(change).collect::<Vec<_>>(),
            })
        })
        .collect();
    let counts: serde_json::Map<String, serde_json::Value> = record
        .counts
        .iter()
        .map(|(stage, c)| (stage.clone(), json!({ "ran": c.ran, "cached": c.cached })))
        .collect();
    let whole = json!({ "command": record.command, "started": record.started, "stages": counts, "ran": ran });
    format!("{whole:#}\n")
}
