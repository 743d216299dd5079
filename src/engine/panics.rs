//! A panic at the stage boundary becomes a report: which stage, on what, under which key.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;

use crate::base::Key;

/// A bug in the compiler, met while it worked on `subject`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct InternalError {
    pub stage: &'static str,
    pub subject: String,
    pub key: Key,
    /// The panic's words and its place in our source.
    pub message: String,
}

impl std::fmt::Display for InternalError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let InternalError { stage, subject, key, message } = self;
        write!(f, "internal error in {stage} of {subject}: {message} (key {key})")
    }
}

thread_local! {
    /// Where the last panic inside a stage happened; `None` outside stages, where the usual report is printed.
    static PLACE: RefCell<Option<String>> = const { RefCell::new(None) };
}

pub(super) fn caught<T>(
    stage: &'static str,
    subject: &str,
    key: Key,
    run: impl FnOnce() -> T,
) -> Result<T, InternalError> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let usual = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            let inside = PLACE.with(|place| match &mut *place.borrow_mut() {
                Some(place) => {
                    *place =
                        info.location().map(|l| format!("{}:{}", l.file(), l.line())).unwrap_or_default();
                    true
                }
                None => false,
            });
            if !inside {
                usual(info);
            }
        }));
    });
    let outer = PLACE.with(|place| place.replace(Some(String::new())));
    let result = catch_unwind(AssertUnwindSafe(run));
    let place = PLACE.with(|place| place.replace(outer)).unwrap_or_default();
    result.map_err(|payload| {
        let words = payload
            .downcast_ref::<String>()
            .cloned()
            .or_else(|| payload.downcast_ref::<&str>().map(|s| (*s).to_owned()))
            .unwrap_or_else(|| "panic without words".to_owned());
        let message = if place.is_empty() { words } else { format!("{words} at {place}") };
        InternalError { stage, subject: subject.to_owned(), key, message }
    })
}
