//! How fast single steps are: scanning and parsing, checking and lowering, code generation, the store.
//!
//! ```text
//! cargo bench --bench throughput [-- front|back|store]
//! ```
//! The first two columns are what was done and how long it took (the best of several rounds), the third is the rate.

#[path = "../tests/conformance/command.rs"]
#[allow(dead_code, reason = "the suites use more of it")]
mod command;
#[path = "../tests/conformance/provision.rs"]
mod provision;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use regex::Regex;
use thermos::base::{ContentId, FileId, Key, par};
use thermos::store::Store;
use thermos::{scan, syntax};

use command::{run, thermos};

const ROUNDS: usize = 5;

fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with('-')).collect();
    let goroot = provision::goroot().expect("the reference Go");
    println!("{:<34} {:>12} {:>12} {:>16}", "step", "amount", "time, ms", "rate");
    for (name, part) in
        [("front", front as fn(&Path)), ("back", back as fn(&Path)), ("store", store as fn(&Path))]
    {
        if wanted.is_empty() || wanted.iter().any(|w| w == name) {
            part(&goroot);
        }
    }
}

fn row(step: &str, amount: f64, unit: &str, time: Duration) {
    let seconds = time.as_secs_f64();
    println!(
        "{step:<34} {:>12} {:>12.1} {:>16}",
        format!("{amount:.1} {unit}"),
        seconds * 1000.0,
        format!("{:.1} {unit}/s", amount / seconds)
    );
}

/// The shortest of several rounds: what the machine's other work adds is not ours.
fn best(mut work: impl FnMut()) -> Duration {
    let mut once = || {
        let start = Instant::now();
        work();
        start.elapsed()
    };
    (0..ROUNDS).map(|_| once()).min().expect("some rounds")
}

/// On one thread: all files of net/http and of go/types.
fn front(goroot: &Path) {
    let mut texts = Vec::new();
    for package in ["net/http", "go/types", "runtime", "reflect", "encoding/json"] {
        for entry in fs::read_dir(goroot.join("src").join(package)).expect("a package of the library") {
            let path = entry.expect("an entry").path();
            if path.extension().is_some_and(|e| e == "go") {
                texts.push(fs::read(path).expect("a Go file"));
            }
        }
    }
    let megabytes = texts.iter().map(Vec::len).sum::<usize>() as f64 / 1e6;
    let time = best(|| texts.iter().for_each(|text| drop(std::hint::black_box(scan::scan(text)))));
    row("scan, one thread", megabytes, "MB", time);
    let time = best(|| {
        texts.iter().for_each(|text| drop(std::hint::black_box(syntax::parse(FileId(0), "a.go", text))));
    });
    row("parse, one thread", megabytes, "MB", time);
    let time = best(|| texts.iter().for_each(|text| _ = std::hint::black_box(ContentId::of(text))));
    row("digest, one thread", megabytes, "MB", time);
}

/// A whole cold build of httpd on one thread, by the spans of its own `-timings` page.
fn back(goroot: &Path) {
    let scratch = tempfile::tempdir().expect("a writable temporary directory");
    let project = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/httpd");
    let page = scratch.path().join("page.html");
    let mut command = thermos(goroot);
    command.env("GOCACHE", scratch.path().join("cache")).current_dir(project).args(["build", "-p", "1"]);
    command.arg(format!("-timings={}", page.display()));
    let ran = run(command.arg("-o").arg(scratch.path().join("httpd")), Duration::from_secs(900));
    assert!(ran.success(), "{}", ran.first_words());
    let page = fs::read_to_string(page).expect("the page of timings");
    let bar = Regex::new(r"<title>(\w+) [^<]* ([0-9.]+) ms</title>").expect("a pattern");
    let mut sums: BTreeMap<String, (f64, f64)> = BTreeMap::new();
    for found in bar.captures_iter(&page) {
        let (n, ms) = sums.entry(found[1].to_owned()).or_default();
        *n += 1.0;
        *ms += found[2].parse::<f64>().expect("a number");
    }
    for (stage, (n, ms)) in sums {
        row(&format!("{stage}, cold httpd, one thread"), n, "runs", Duration::from_secs_f64(ms / 1000.0));
    }
}

/// Objects of the size of a compiled function.
fn store(_goroot: &Path) {
    const N: u64 = 20_000;
    let scratch = tempfile::tempdir().expect("a writable temporary directory");
    let key = |i: u64| Key(ContentId::of(&i.to_le_bytes()).0);
    let body = |i: u64| -> Vec<u8> { (0..1500u64).map(|k| (k.wrapping_mul(i + 7) >> 3) as u8).collect() };
    let bodies: Vec<Vec<u8>> = (0..N).map(body).collect();
    let dir = scratch.path().join("store");
    let start = Instant::now();
    let put = Store::open(&dir);
    for (i, body) in bodies.iter().enumerate() {
        put.put(key(i as u64), "bench", body.clone());
    }
    put.flush();
    row("store: put 1,500 bytes and flush", N as f64, "puts", start.elapsed());
    drop(put);
    let time = best(|| drop(std::hint::black_box(Store::open(&dir))));
    row("store: open", 1.0, "opens", time);
    let get = Store::open(&dir);
    let time = best(|| {
        (0..N).for_each(|i| assert!(get.get(key(i)).is_some()));
    });
    row("store: get, verified", N as f64, "gets", time);
    let time = best(|| {
        (N..2 * N).for_each(|i| assert!(get.get(key(i)).is_none()));
    });
    row("store: miss", N as f64, "misses", time);
    let time = best(|| {
        par::with_pool(0, || {
            use rayon::prelude::*;
            (0..N).into_par_iter().for_each(|i| assert!(get.get(key(i)).is_some()));
        })
    });
    row("store: get, all threads", N as f64, "gets", time);
}
