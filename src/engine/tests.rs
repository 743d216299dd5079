//! The engine with a toy stage: keys, hits, reasons, damage, panics.

use super::*;
use crate::base::digest::Bytes;

struct Double;

struct Number {
    name: String,
    value: u32,
}

impl Digest for Number {
    fn digest(&self, h: &mut Hasher) {
        let Number { name, value } = self;
        h.field("name", name).field("value", value);
    }
}

impl Stage for Double {
    const NAME: &'static str = "double";
    const VERSION: u32 = 1;
    type Input = Number;
    type Output = (u32, Bytes);

    fn subject(input: &Number) -> String {
        input.name.clone()
    }

    fn inputs(input: &Number) -> Vec<(String, String)> {
        vec![("value".to_owned(), input.value.to_string())]
    }

    fn run(input: &Number, _env: &Env<'_>) -> (u32, Bytes) {
        assert!(input.value != 13, "unlucky number");
        (input.value * 2, Bytes(vec![0; 3]))
    }
}

fn number(value: u32) -> Number {
    Number { name: "n".to_owned(), value }
}

#[test]
fn a_stage_runs_once_per_key() {
    let store = Arc::new(Store::in_memory());
    let engine = Engine::new(store.clone(), History::default(), false);
    let first = engine.get::<Double>(&number(4)).unwrap();
    let second = engine.get::<Double>(&number(4)).unwrap();
    assert_eq!((first.value.0, first.ran, second.value.0, second.ran), (8, true, 8, false));
    assert_eq!(first.content, second.content);
    let (record, history) = engine.finish();
    assert_eq!(record.totals(), Counts { ran: 1, cached: 1 });
    assert_eq!(record.ran[0].changes, None);

    let engine = Engine::new(store.clone(), history, false);
    assert!(engine.get::<Double>(&number(5)).unwrap().ran);
    let (record, _) = engine.finish();
    let change = Change { name: "value".into(), old: Some("4".into()), new: Some("5".into()) };
    assert_eq!(record.ran[0].changes, Some(vec![change]));

    let engine = Engine::new(store, History::default(), true);
    assert!(engine.get::<Double>(&number(5)).unwrap().ran);
}

#[test]
fn a_panic_is_a_report() {
    let engine = Engine::new(Arc::new(Store::in_memory()), History::default(), false);
    let error = engine.get::<Double>(&number(13)).err().unwrap();
    assert_eq!((error.stage, error.subject.as_str()), ("double", "n"));
    assert!(error.message.starts_with("unlucky number at src/engine/tests.rs:"), "{}", error.message);
    assert!(engine.get::<Double>(&number(12)).is_ok());
}

#[test]
fn an_output_of_another_shape_is_a_miss() {
    let store = Arc::new(Store::in_memory());
    store.put(key_of::<Double>(&number(4)), "double", vec![255u8; 2]);
    let engine = Engine::new(store, History::default(), false);
    assert!(engine.get::<Double>(&number(4)).unwrap().ran);
}

/// Finds out that it depends on "x" when its value is odd, and does not want zero kept.
struct Picky;

impl Stage for Picky {
    const NAME: &'static str = "picky";
    const VERSION: u32 = 1;
    type Input = Number;
    type Output = u32;

    fn subject(input: &Number) -> String {
        input.name.clone()
    }

    fn inputs(_input: &Number) -> Vec<(String, String)> {
        Vec::new()
    }

    fn is_final(output: &u32) -> bool {
        *output != 0
    }

    fn discovered(output: &u32) -> Vec<String> {
        if output % 2 == 1 { vec!["x".to_owned()] } else { Vec::new() }
    }

    fn run(input: &Number, _env: &Env<'_>) -> u32 {
        input.value
    }
}

#[test]
fn what_a_stage_found_decides_with_its_value() {
    let engine = Engine::new(Arc::new(Store::in_memory()), History::default(), false);
    let ran = |value: u32, x: u8| {
        let value_of = |name: &str| (name == "x").then_some(ContentId([x; 32]));
        engine.get_discovering::<Picky>(&number(value), &value_of).unwrap().ran
    };
    assert!(ran(3, 1) && !ran(3, 1), "the same again is a hit");
    assert!(ran(3, 2) && !ran(3, 2) && !ran(3, 1), "another value of what it found is another key");
    assert!(ran(4, 1) && !ran(4, 2), "who did not find it does not depend on it");
}

#[test]
fn an_output_that_is_not_final_is_not_kept() {
    let engine = Engine::new(Arc::new(Store::in_memory()), History::default(), false);
    assert!(engine.get::<Picky>(&number(0)).unwrap().ran && engine.get::<Picky>(&number(0)).unwrap().ran);
    assert!(engine.get::<Picky>(&number(2)).unwrap().ran && !engine.get::<Picky>(&number(2)).unwrap().ran);
}
