//! The hash rate of the last minute as a line.

use std::fmt::Write;

use yew::prelude::*;

const WIDTH: u64 = 240;
const HEIGHT: u64 = 48;
/// The engine's history has a value for each second of a minute.
const POINTS: u64 = 60;

/// The line; `label` describes it in words.
pub fn spark(label: String, history: &[u64]) -> Html {
    if history.is_empty() {
        return html! { <div class="spark" aria-hidden="true"></div> };
    }
    let line = line(history);
    let left = x(0, history.len());
    let area = format!("{line}V{HEIGHT}H{left}z");
    html! {
        <svg class="spark" viewBox={format!("0 0 {WIDTH} {HEIGHT}")} preserveAspectRatio="none" role="img" aria-label={label}>
            <path class="area" d={area} />
            <path class="line" d={line} />
        </svg>
    }
}

/// The horizontal position of a value; the latest is at the right edge.
fn x(index: usize, len: usize) -> u64 {
    let missing = POINTS.saturating_sub(len as u64);
    (missing + index as u64) * WIDTH / (POINTS - 1)
}

/// The path of the line, scaled so that the highest value is just below the top.
fn line(history: &[u64]) -> String {
    let top = history.iter().max().copied().unwrap_or(0).max(1);
    let mut path = String::new();
    for (index, rate) in history.iter().enumerate() {
        let y = HEIGHT - 2 - (u128::from(*rate) * u128::from(HEIGHT - 6) / u128::from(top)) as u64;
        let sign = if index == 0 { 'M' } else { 'L' };
        let _ = write!(path, "{sign}{} {y}", x(index, history.len()));
    }
    path
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_line_stays_in_its_box() {
        assert_eq!(super::line(&[0, 5, 10]), "M231 46L235 25L240 4");
        assert_eq!(super::line(&[u64::MAX]), "M240 4");
        assert_eq!(super::line(&[0; 60]).matches('L').count(), 59);
    }
}
