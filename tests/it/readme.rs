//! README's status table says what the ledgers say.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

const BEGIN: &str =
    "<!-- from fixtures/conformance; UPDATE_LEDGER=1 cargo test --test it readme rewrites it -->\n";
const END: &str = "<!-- end -->";

#[test]
fn status_table_is_what_the_ledgers_say() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = fs::read_to_string(root.join("README.md")).expect("README.md");
    let (head, rest) = readme.split_once(BEGIN).expect("README.md has the table's first mark");
    let (found, tail) = rest.split_once(END).expect("README.md has the table's last mark");
    let wanted = table(&root.join("fixtures/conformance"));
    if std::env::var_os("UPDATE_LEDGER").is_some() {
        fs::write(root.join("README.md"), format!("{head}{BEGIN}{wanted}{END}{tail}"))
            .expect("a writable checkout");
        return;
    }
    assert_eq!(found, wanted, "UPDATE_LEDGER=1 cargo test --test it readme rewrites the table");
}

/// One row for each ledger: its title and its totals.
fn table(ledgers: &Path) -> String {
    let mut paths: Vec<_> = fs::read_dir(ledgers)
        .expect("the ledgers")
        .filter_map(|e| Some(e.ok()?.path()))
        .filter(|p| p.extension().is_some_and(|e| e == "txt"))
        .collect();
    paths.sort();
    let mut out = String::from("| what | passes |\n|---|---|\n");
    for path in paths {
        let text = fs::read_to_string(&path).expect("a ledger");
        let mut lines = text.lines();
        let title = lines.next().unwrap_or_default().trim_start_matches("# ");
        let totals = lines.next().unwrap_or_default().trim_start_matches("pass ");
        _ = writeln!(out, "| {title} | {totals} |");
    }
    out
}
