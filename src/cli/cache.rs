//! `cache`: what is in the cache, and what past builds did with it.

use std::collections::BTreeMap;

use super::flags::{Flag, Flags, Takes};
use super::{Call, Failure, print, say, vcs, why};
use crate::base::wire;
use crate::base::{ContentId, Key};
use crate::build::driver;
use crate::engine::{Change, Ran, RunRecord};
use crate::store::{self, Store};

pub(super) const FLAGS: &[&[Flag]] = &[&[("C", Takes::Text)]];

const USAGE: &str = "usage: go cache [path | stats | ls [stage] | show key | verify | runs | diff run run]\nRun 'go help cache' for details.";

pub(super) fn cache(call: &Call<'_>, flags: Flags) -> Result<u8, Failure> {
    let words: Vec<&str> = flags.args.iter().map(String::as_str).collect();
    if words == ["path"] {
        let dir = call.config.gocache().map_err(|e| Failure::new(1, e))?;
        print(&format!("{}\n", dir.join(store::SUBDIR).display()));
        return Ok(0);
    }
    let store = super::build::open_store(call)?;
    let result = match words[..] {
        ["stats"] | [] => Ok(stats(&store)),
        ["ls"] => Ok(ls(&store, None)),
        ["ls", stage] => Ok(ls(&store, Some(stage))),
        ["show", key] => show(&store, key),
        ["verify"] => return Ok(verify(&store)),
        ["runs"] => Ok(runs(&store)),
        ["diff", old, new] => diff(&store, old, new),
        _ => return Err(Failure::new(2, USAGE)),
    };
    let text = result?;
    store.faults().iter().for_each(|fault| say(&format!("thermos: {fault}")));
    print(&text);
    Ok(0)
}

fn stats(store: &Store) -> String {
    let mut out = format!("{:<12} {:>9} {:>14}\n", "stage", "results", "bytes");
    for stage in store.stages() {
        out += &format!("{:<12} {:>9} {:>14}\n", stage.stage, stage.results, stage.bytes);
    }
    let totals = store.totals();
    out += &format!(
        "{} results, {} objects of {} bytes, {} bytes on the disk\n",
        totals.results,
        totals.objects,
        totals.bytes,
        store.disk_bytes()
    );
    let (mut ran, mut cached) = (0, 0);
    let records = records(store);
    for (_, record) in &records {
        let totals = record.totals();
        (ran, cached) = (ran + totals.ran, cached + totals.cached);
    }
    out + &format!("last {} builds on record: {ran} stages ran, {cached} cached\n", records.len())
}

fn ls(store: &Store, stage: Option<&str>) -> String {
    let line = |e: store::Entry| {
        format!(
            "{} {:<10} {:>10} {} {}\n",
            e.key,
            e.stage,
            e.size,
            day(e.used),
            short(&e.content.to_string())
        )
    };
    store.entries(stage).into_iter().map(line).collect()
}

/// The entry whose key begins so, with the builds that made it.
fn show(store: &Store, prefix: &str) -> Result<String, Failure> {
    let is_hex = !prefix.is_empty() && prefix.bytes().all(|b| b.is_ascii_hexdigit());
    let mut found: Vec<store::Entry> =
        store.entries(None).into_iter().filter(|e| is_hex && e.key.to_string().starts_with(prefix)).collect();
    let entry = match found.len() {
        1 => found.remove(0),
        0 => return Err(Failure::new(1, format!("no result with a key that begins with {prefix}"))),
        n => return Err(Failure::new(1, format!("{n} results have a key that begins with {prefix}"))),
    };
    let mut out = format!(
        "key      {}\nstage    {}\noutput   {}, {} bytes\nused     {}\n",
        entry.key,
        entry.stage,
        entry.content,
        entry.size,
        day(entry.used)
    );
    for (number, record) in records(store) {
        for ran in record.ran.iter().filter(|ran| Key::parse(&ran.key) == Some(entry.key)) {
            out += &format!(
                "made by  run {number}, go {}\nsubject  {}\n",
                record.command.join(" "),
                ran.subject
            );
            ran.inputs.iter().for_each(|(name, value)| out += &format!("input    {name} {value}\n"));
        }
    }
    Ok(out)
}

fn verify(store: &Store) -> u8 {
    let (n, damaged) = store.verify();
    store.faults().iter().for_each(|fault| say(&format!("thermos: {fault}")));
    print(&format!("{n} objects, {} damaged\n", damaged.len()));
    u8::from(!damaged.is_empty())
}

fn runs(store: &Store) -> String {
    let mut out = String::new();
    for (number, record) in records(store) {
        let totals = record.totals();
        out += &format!(
            "{number:>4}  {}  {:>6} ran {:>6} cached  go {}\n",
            when(record.started),
            totals.ran,
            totals.cached,
            record.command.join(" ")
        );
    }
    if out.is_empty() { "no build is on record in this cache\n".to_owned() } else { out }
}

/// What the two builds ran, and with which different inputs.
fn diff(store: &Store, old: &str, new: &str) -> Result<String, Failure> {
    let (old, new) = (find_run(store, old)?, find_run(store, new)?);
    let by_subject = |record: &RunRecord| -> BTreeMap<(String, String), Ran> {
        record.ran.iter().map(|r| ((r.stage.clone(), r.subject.clone()), r.clone())).collect()
    };
    let (before, after) = (by_subject(&old), by_subject(&new));
    let mut out =
        format!("- {}+ {}", why::head(&old).replace('\n', "\n  "), why::head(&new).replace('\n', "\n  "));
    out = out.replace("\n  + ", "\n+ ").trim_end().to_owned() + "\n";
    for ((stage, subject), ran) in &before {
        if !after.contains_key(&(stage.clone(), subject.clone())) {
            out += &format!("- {stage} {subject} {}\n", short(&ran.key));
        }
    }
    for ((stage, subject), ran) in &after {
        match before.get(&(stage.clone(), subject.clone())) {
            None => out += &format!("+ {stage} {subject} {}\n", short(&ran.key)),
            Some(old) if old.key == ran.key => {}
            Some(old) => {
                out += &format!("  {stage} {subject} {} -> {}\n", short(&old.key), short(&ran.key));
                for change in changes(&old.inputs, &ran.inputs) {
                    out += &format!("\t{}\n", why::one(&change));
                }
            }
        }
    }
    Ok(out)
}

fn changes(before: &[(String, String)], now: &[(String, String)]) -> Vec<Change> {
    crate::engine::changes(before, now)
}

/// The builds on record that ran something, numbered from the newest: 1 is the last.
fn records(store: &Store) -> Vec<(usize, RunRecord)> {
    let ids: Vec<ContentId> =
        store.note(driver::RUNS).and_then(|note| wire::decode(&note).ok()).unwrap_or_default();
    let n = ids.len();
    ids.into_iter()
        .enumerate()
        .filter_map(|(i, id)| Some((n - i, wire::decode(&store.read(id)?).ok()?)))
        .collect()
}

/// `last`, or a number that `cache runs` shows.
pub(super) fn find_run(store: &Store, name: &str) -> Result<RunRecord, Failure> {
    let found = match name {
        "last" => store.note(driver::LAST_RUN).and_then(|note| wire::decode(&note).ok()),
        _ => records(store).into_iter().find(|(n, _)| n.to_string() == name).map(|(_, record)| record),
    };
    found.ok_or_else(|| {
        let text = match name {
            "last" => "no build is on record in this cache".to_owned(),
            _ => format!("no run {name} is on record in this cache; 'go cache runs' lists them"),
        };
        Failure::new(1, text)
    })
}

/// Seconds since 1970 as people write them.
pub(super) fn when(seconds: u64) -> String {
    vcs::Utc::of(seconds as i64).rfc3339()
}

fn day(days: i64) -> String {
    when((days.max(0) as u64) * 86_400).split('T').next().unwrap_or_default().to_owned()
}

fn short(text: &str) -> String {
    text.chars().take(12).collect()
}
