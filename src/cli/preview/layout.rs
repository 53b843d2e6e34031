//! Record, steps and event: side by side where the terminal is wide enough, one below the other where it is not.

use comfy_table::{Table, presets};

/// From here on all three stand side by side.
const THREE: usize = 148;
/// An event, or a list of steps, is not made narrower than this beside a record.
const NARROWEST: usize = 40;
/// Columns between two panes, and in front of the first.
const BETWEEN: usize = 2;

/// The panes of one record: names with what they hold.
pub(super) type Pane = Vec<(String, String)>;

/// How wide the panes may be, by what the terminal and the record are like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Widths {
    pub(super) record: usize,
    /// None where there are none, or where they stand below, over the whole width.
    pub(super) steps: Option<usize>,
    /// None where it stands below, over the whole width.
    pub(super) event: Option<usize>,
    pub(super) total: usize,
}

impl Widths {
    pub(super) fn of(total: usize, record: &Pane, steps: bool) -> Self {
        let total = total.saturating_sub(BETWEEN);
        let names = column(record);
        let widest = record.iter().map(|(_, value)| names + 2 + length(value)).max();
        let share = if steps && total >= THREE { total / 4 } else { total / 2 };
        let record = widest.unwrap_or_default().min(share.max(names + 12));
        let rest = total.saturating_sub(record + BETWEEN);
        if rest < NARROWEST {
            return Self { record: total, steps: None, event: None, total };
        }
        if steps && total >= THREE && rest >= 2 * NARROWEST {
            let steps = rest * 11 / 20;
            let event = rest - steps - BETWEEN;
            return Self { record, steps: Some(steps), event: Some(event), total };
        }
        Self { record, steps: None, event: Some(rest), total }
    }
}

/// The lines of everything, without an indentation of their own.
pub(super) fn lines(record: &Pane, steps: &Pane, event: &str, widths: Widths) -> Vec<String> {
    let left = listed(record, widths.record);
    let below = |steps: &Pane| -> Vec<String> {
        if steps.is_empty() { Vec::new() } else { listed(steps, widths.total) }
    };
    let room = widths.event.unwrap_or(widths.total).max(12);
    let event: Vec<String> = event.lines().flat_map(|line| broken(line, room)).collect();
    match (widths.event, widths.steps) {
        (Some(_), Some(width)) => beside(&[left, listed(steps, width), event]),
        (Some(_), None) => [beside(&[left, event]), below(steps)].concat(),
        (None, _) => [left, below(steps), event].concat(),
    }
}

fn beside(panes: &[Vec<String>]) -> Vec<String> {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).force_no_tty();
    table.add_row(panes.iter().map(|lines| lines.join("\n")));
    for column in table.column_iter_mut() {
        column.set_padding((0, BETWEEN as u16));
    }
    table.lines().map(|line| line.trim_end().to_owned()).collect()
}

/// Names in a column, and what they hold beside them, broken where it is too long.
fn listed(pane: &Pane, width: usize) -> Vec<String> {
    let names = column(pane);
    let room = width.saturating_sub(names + 2).max(12);
    let mut lines = Vec::new();
    for (name, value) in pane {
        if value.is_empty() {
            lines.push(name.clone());
            continue;
        }
        for (number, part) in broken(value, room).iter().enumerate() {
            let name = if number == 0 { name.as_str() } else { "" };
            lines.push(format!("{name:<names$}  {part}").trim_end().to_owned());
        }
    }
    lines
}

/// Before an arrow or between words if there are any, else anywhere.
fn broken(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut rest: Vec<char> = text.chars().collect();
    while rest.len() > width {
        let arrow = (1..width).rev().find(|at| rest[*at] == '→' && *at > width / 3);
        let blank = || (1..=width).rev().find(|at| rest[*at] == ' ' && *at > width / 3);
        let at = arrow.or_else(blank).unwrap_or(width);
        let tail = rest.split_off(at);
        lines.push(rest.iter().collect::<String>().trim_end().to_owned());
        rest = tail.into_iter().skip_while(|char| *char == ' ').collect();
    }
    lines.push(rest.into_iter().collect());
    lines
}

fn column(pane: &Pane) -> usize {
    pane.iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, _)| length(name))
        .max()
        .unwrap_or_default()
}

fn length(text: &str) -> usize {
    text.chars().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pane(rows: &[(&str, &str)]) -> Pane {
        rows.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn what_fits_stands_side_by_side_and_what_does_not_below() {
        let record = pane(&[("A", "1"), ("BB", "22")]);
        let steps = pane(&[("fields", ""), ("  x", "1 → 2")]);
        let shown = |total| {
            let widths = Widths::of(total, &record, true);
            lines(&record, &steps, "{ \"x\": 2 }", widths)
        };
        let wide = shown(160);
        assert!(
            wide[0].starts_with("A   1   fields") && wide[0].ends_with("{ \"x\": 2 }"),
            "{wide:?}"
        );
        assert_eq!(shown(100), ["A   1   { \"x\": 2 }", "BB  22", "fields", "  x  1 → 2"]);
        assert_eq!(shown(40), ["A   1", "BB  22", "fields", "  x  1 → 2", "{ \"x\": 2 }"]);
    }

    #[test]
    fn a_long_chain_is_broken_before_an_arrow() {
        let chain = "12345678Z → check es.nif: holds → pseudonym citizen: abc";
        assert_eq!(
            broken(chain, 34),
            ["12345678Z → check es.nif: holds", "→ pseudonym citizen: abc"]
        );
        assert_eq!(broken("abcdef", 4), ["abcd", "ef"]);
    }
}
