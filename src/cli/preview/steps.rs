//! A trace in words.

use acequia_api::RecordError;
use serde_json::{Value as Json, json};

use super::layout::Pane;
use crate::{
    cli::output::printable,
    mapping::{Action, Came, Line, Mapping, Step, Trace, TracePart as Part, decode},
};

/// Values longer than this are cut.
const LONGEST: usize = 60;

/// How values are shown: as they are, or as their shapes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sight {
    pub(super) discreet: bool,
}

impl Sight {
    /// One value, on one line.
    pub(super) fn value(self, text: &str) -> String {
        if self.discreet {
            return if text.is_empty() { String::new() } else { decode::shape(text) };
        }
        let shown = printable(text);
        let mut short: String = shown.chars().take(LONGEST).collect();
        if short.len() < shown.len() {
            short.push('…');
        }
        // Blanks at the ends are what a step is there for.
        if text.is_empty() || text.trim() != text { format!("\"{short}\"") } else { short }
    }

    /// A JSON document with every value as its shape, if that is wanted.
    pub(super) fn document(self, data: &[u8]) -> Vec<u8> {
        if !self.discreet {
            return data.to_vec();
        }
        let Ok(mut json) = serde_json::from_slice::<Json>(data) else { return Vec::new() };
        shaped(&mut json);
        serde_json::to_vec(&json).unwrap_or_default()
    }

    fn came(self, came: &Came) -> String {
        match came {
            Came::Nothing => "nothing".to_owned(),
            Came::Value(text) => self.value(&text.0),
            Came::Doubtful(text, code) if text.0.is_empty() => format!("nothing ({code})"),
            Came::Doubtful(text, code) => format!("{} ({code})", self.value(&text.0)),
            Came::Refused(code, Some(detail)) => format!("refused: {code}, {detail}"),
            Came::Refused(code, None) => format!("refused: {code}"),
            Came::Blocked => "not computed: what it needs was refused".to_owned(),
        }
    }
}

fn shaped(json: &mut Json) {
    match json {
        Json::Object(members) => members.values_mut().for_each(shaped),
        Json::Array(items) => items.iter_mut().for_each(shaped),
        Json::Null => {}
        Json::String(text) => *text = decode::shape(text),
        other => *other = decode::shape(&other.to_string()).into(),
    }
}

/// The steps of one mapping, for people and for programs.
pub(super) fn both(trace: &Trace, sight: Sight) -> (Pane, Json) {
    (pane(trace, sight), as_json(trace, sight).into())
}

/// The steps of several mappings, and why the pipeline refuses what they make together.
pub(super) fn together<'m>(
    all: impl Iterator<Item = (&'m Mapping, &'m Trace)>,
    refused: Option<&RecordError>,
    sight: Sight,
) -> (Pane, Json) {
    let (mut whole, mut lines) = (Pane::new(), Vec::new());
    for (mapping, trace) in all {
        whole.push((format!("mapping {}", printable(&mapping.name)), String::new()));
        whole.extend(pane(trace, sight));
        lines.extend(as_json(trace, sight).into_iter().map(|mut line| {
            line["mapping"] = json!(&*mapping.name);
            line
        }));
    }
    if let Some(error) = refused {
        let rule = if error.code == "map.no_mapping" { "unmapped" } else { "several" };
        let came = Came::Refused(error.code, error.detail.clone());
        whole.push(("pipeline".to_owned(), String::new()));
        whole.push((format!("  {rule}: reject"), sight.came(&came)));
        lines.push(json!({
            "part": "pipeline",
            "name": rule,
            "out": { "refused": error.code, "detail": error.detail },
        }));
    }
    (whole, lines.into())
}

/// The steps for people, under a head for each kind.
fn pane(trace: &Trace, sight: Sight) -> Pane {
    let mut pane = Pane::new();
    let mut head = "";
    for line in &trace.lines {
        let begins = match line.part {
            Part::Column => "from",
            Part::Condition => "conditions",
            Part::Let => "let",
            Part::Field | Part::Constant => "fields",
        };
        // Columns of an element stand where the element is walked over.
        let inside = line.part == Part::Column && line.element.is_some();
        if begins != head && !inside {
            pane.push((begins.to_owned(), String::new()));
            head = begins;
        }
        let element = line.element.map(|element| format!("[{element}]")).unwrap_or_default();
        pane.push((format!("  {}{element}", printable(&line.name)), chain(line, sight)));
    }
    pane
}

fn chain(line: &Line, sight: Sight) -> String {
    let gave = sight.came(&line.gave);
    match line.part {
        Part::Column => {
            let came = sight.came(&line.came);
            if line.came == line.gave {
                return format!("{gave}  ({})", line.from);
            }
            format!("{came} → {}: {gave}", line.from)
        }
        // A `let` has a step where it is a lookup; what came is then its key.
        Part::Let if !line.steps.is_empty() => {
            let steps: Vec<String> = line.steps.iter().map(|step| told(step, sight)).collect();
            format!("{} → {}", sight.came(&line.came), steps.join(" → "))
        }
        Part::Condition | Part::Let => format!("{gave}{}", branches(line)),
        Part::Constant => format!("{gave}  (const)"),
        Part::Field => {
            let mut chain = printable(&line.from);
            chain.push_str(&branches(line));
            if line.came != Came::Blocked {
                chain.push_str(&format!(" → {}", sight.came(&line.came)));
            }
            for step in &line.steps {
                chain.push_str(&format!(" → {}", told(step, sight)));
            }
            let last = line.steps.last().map_or(&line.came, |step| &step.gave);
            if *last != line.gave || line.came == Came::Blocked {
                chain.push_str(&format!(" → {gave}"));
            }
            chain
        }
    }
}

/// Which branches were taken, for people from 1.
fn branches(line: &Line) -> String {
    let words = line.branches.iter().map(|(_, branch)| format!("branch {}", branch + 1));
    let words: Vec<String> = words.collect();
    if words.is_empty() { String::new() } else { format!("  ({})", words.join(", ")) }
}

fn told(step: &Step, sight: Sight) -> String {
    let gave = sight.came(&step.gave);
    match &step.action {
        Action::Check(check, true) => format!("{check}: holds"),
        Action::Check(check, false) => format!("{check}: fails, {gave}"),
        Action::Lookup(table, false) => format!("lookup {table}: no entry, {gave}"),
        Action::Codes(table, _, false) => format!("codes {table}: no code, {gave}"),
        Action::Lookup(table, true) => format!("lookup {table}: found, {gave}"),
        action => format!("{}: {gave}", name(action)),
    }
}

fn name(action: &Action) -> String {
    match action {
        Action::Verb(verb) => (*verb).to_owned(),
        Action::Codes(table, ..) => format!("codes {table}"),
        Action::Lookup(table, _) => format!("lookup {table}"),
        Action::Default => "default".to_owned(),
        Action::Check(check, _) => check.clone(),
        Action::Protect(how) => how.clone(),
    }
}

/// The steps for programs.
fn as_json(trace: &Trace, sight: Sight) -> Vec<Json> {
    let came = |came: &Came| match came {
        Came::Nothing => Json::Null,
        Came::Value(text) => json!({ "value": sight.whole(&text.0) }),
        Came::Doubtful(text, code) => json!({ "value": sight.whole(&text.0), "quality": code }),
        Came::Refused(code, detail) => json!({ "refused": code, "detail": detail }),
        Came::Blocked => json!({ "blocked": true }),
    };
    let line = |line: &Line| {
        let part = match line.part {
            Part::Column => "from",
            Part::Condition => "condition",
            Part::Let => "let",
            Part::Field => "field",
            Part::Constant => "const",
        };
        let step = |step: &Step| {
            let mut json = json!({ "step": name(&step.action), "out": came(&step.gave) });
            if let Action::Lookup(_, found) = step.action {
                json["found"] = found.into();
            }
            json
        };
        json!({
            "part": part,
            "name": line.name,
            "element": line.element,
            "by": line.from,
            "in": came(&line.came),
            "branches": line.branches.iter().map(|(case, branch)| json!([case + 1, branch + 1])).collect::<Vec<_>>(),
            "steps": line.steps.iter().map(step).collect::<Vec<_>>(),
            "out": came(&line.gave),
        })
    };
    trace.lines.iter().map(line).collect()
}

impl Sight {
    /// A value for programs: not cut.
    pub(super) fn whole(self, text: &str) -> String {
        if self.discreet && !text.is_empty() { decode::shape(text) } else { text.to_owned() }
    }
}
