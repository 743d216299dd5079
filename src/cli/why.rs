//! `why`: what the last build did, and which inputs made it do so.

use super::flags::Flags;
use super::{Call, Failure, print};
use crate::base::wire;
use crate::build::driver;
use crate::engine::{Ran, RunRecord};

/// More changed inputs than this are counted, not listed.
const MAX_CHANGES: usize = 12;

pub(super) fn why(call: &Call<'_>, flags: Flags) -> Result<u8, Failure> {
    let store = super::build::open_store(call)?;
    let record: Option<RunRecord> = store.note(driver::LAST_RUN).and_then(|bytes| wire::decode(&bytes).ok());
    let Some(record) = record else {
        return Err(Failure::new(1, "no build is on record in this cache"));
    };
    let totals = record.totals();
    let mut out = format!("go {}\n{} ran, {} cached\n", record.command.join(" "), totals.ran, totals.cached);
    let wanted = |ran: &Ran| {
        flags.args.is_empty()
            || flags.args.iter().any(|word| {
                ran.subject == *word
                    || ran.subject.ends_with(&format!("/{word}"))
                    || ran.subject.starts_with(&format!("{word}."))
            })
    };
    let mut shown = 0;
    for ran in record.ran.iter().filter(|ran| wanted(ran)) {
        shown += 1;
        out += &format!("{} {}\n", ran.stage, ran.subject);
        match &ran.changes {
            None => out += "\tfirst time\n",
            Some(changes) if changes.is_empty() => {
                out += "\tno input changed: its result was not in the cache, or -a\n"
            }
            Some(changes) => {
                for change in changes.iter().take(MAX_CHANGES) {
                    out += &match (&change.old, &change.new) {
                        (Some(old), Some(new)) => format!("\t{} {old} -> {new}\n", change.name),
                        (None, Some(new)) => format!("\t{} (new) {new}\n", change.name),
                        (Some(old), None) => format!("\t{} {old} (gone)\n", change.name),
                        (None, None) => String::new(),
                    };
                }
                if changes.len() > MAX_CHANGES {
                    out += &format!("\tand {} more\n", changes.len() - MAX_CHANGES);
                }
            }
        }
    }
    if shown == 0 && !flags.args.is_empty() {
        out += &format!("nothing that matches {} ran\n", flags.args.join(" "));
    }
    print(&out);
    Ok(0)
}
