//! `-timings`: one page that shows every stage over time, per thread.

use std::fmt::Write;

use crate::base::trace::Span;

/// The page, whole in itself.
pub(super) fn page(spans: &[Span], title: &str) -> String {
    let end = spans.iter().map(|s| s.end_us).max().unwrap_or(1).max(1);
    let threads = spans.iter().map(|s| s.thread).max().map_or(0, |t| t + 1);
    let mut bars = String::new();
    for span in spans {
        let x = span.start_us as f64 * 1000.0 / end as f64;
        let width = ((span.end_us - span.start_us) as f64 * 1000.0 / end as f64).max(0.5);
        let y = span.thread * 22 + 20;
        let hue = span.name.bytes().fold(0u32, |h, b| h * 31 + u32::from(b)) % 360;
        let ms = (span.end_us - span.start_us) as f64 / 1000.0;
        writeln!(
            bars,
            "<rect x=\"{x:.1}\" y=\"{y}\" width=\"{width:.1}\" height=\"18\" fill=\"hsl({hue},60%,60%)\"><title>{} {} {ms:.1} ms</title></rect>",
            escape(span.name),
            escape(&span.detail)
        )
        .expect("a string takes all");
    }
    let mut longest: Vec<&Span> = spans.iter().collect();
    longest.sort_by_key(|s| std::cmp::Reverse(s.end_us - s.start_us));
    let rows: String = longest
        .iter()
        .take(40)
        .map(|s| {
            let ms = (s.end_us - s.start_us) as f64 / 1000.0;
            format!("<tr><td>{ms:.1}</td><td>{}</td><td>{}</td></tr>\n", escape(s.name), escape(&s.detail))
        })
        .collect();
    let height = threads * 22 + 30;
    format!(
        "<!doctype html><meta charset=\"utf-8\"><title>{title}</title>\n\
         <style>body{{font:14px sans-serif}}td{{padding:0 1em 0 0}}</style>\n\
         <h1>{title}</h1><p>{} stages ran in {:.1} ms on {threads} threads. Point at a bar to see what it is.</p>\n\
         <svg viewBox=\"0 0 1000 {height}\" width=\"100%\">{bars}</svg>\n\
         <table><tr><th>ms</th><th>stage</th><th>subject</th></tr>\n{rows}</table>\n",
        spans.len(),
        end as f64 / 1000.0,
        title = escape(title)
    )
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
