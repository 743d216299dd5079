//! Progress of long work, on a terminal only.

use std::io::IsTerminal;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// One line that changes while the work goes on, and vanishes with it.
pub(super) struct Bar {
    bar: ProgressBar,
}

impl Bar {
    pub(super) fn new() -> Bar {
        let target = if std::io::stderr().is_terminal() {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        };
        let bar = ProgressBar::with_draw_target(None, target);
        bar.enable_steady_tick(Duration::from_millis(120));
        Bar { bar }
    }

    /// `all` is 0 while nobody knows how much there is.
    pub(super) fn show(&self, step: &str, done: u64, all: u64) {
        let template = if all == 0 { "{spinner} {msg}" } else { "{spinner} {msg} [{bar:30}] {pos}/{len}" };
        if self.bar.message() != step {
            self.bar.set_style(ProgressStyle::with_template(template).expect("the template is well formed"));
            self.bar.set_message(step.to_owned());
        }
        if all > 0 {
            self.bar.set_length(all);
        }
        self.bar.set_position(done);
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
