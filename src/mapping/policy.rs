//! Policies: why a topic may carry personal data, which classes, for how long and for whom.

use std::{collections::BTreeMap, ops::Range, sync::Arc};

use crate::{
    diagnostic::{Diagnostic, SourceFile},
    model::{Class, Form, FormCodes},
    yaml::{self, Node},
};

const FORM: FormCodes = FormCodes {
    unknown_key: "policy.unknown_key",
    missing_key: "policy.missing_key",
    wrong_shape: "policy.wrong_shape",
    unknown_word: "policy.unknown_word",
};

const KEYS: [&str; 8] = [
    "purpose",
    "legal_basis",
    "classes",
    "domains",
    "retention",
    "consumers",
    "subjects",
    "transfers",
];
const CONTROLLER: [&str; 4] = ["name", "contact", "officer", "representative"];

/// Who answers for the data: GDPR article 30(1)(a).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Controller {
    /// Its name.
    pub name: Option<String>,
    /// Where it is reached.
    pub contact: Option<String>,
    /// Where its data protection officer is reached.
    pub officer: Option<String>,
    /// Its representative in the Union, if it needs one.
    pub representative: Option<String>,
}

/// The rules of one topic.
#[derive(Debug, Clone)]
pub struct Policy {
    /// The topic, with or without the prefix of the deployment.
    pub topic: String,
    /// What the data is used for.
    pub purpose: String,
    /// The law that allows it.
    pub legal_basis: String,
    /// The classes that may be published.
    pub classes: Vec<Class>,
    /// The domains whose pseudonyms may be published, so that topics of one purpose can be joined and others cannot; any
    /// if none is named.
    pub domains: Option<Vec<String>>,
    /// How long events are kept at most, as written.
    pub retention: Option<String>,
    /// Who reads the topic.
    pub consumers: Vec<String>,
    /// Whose data it is: the categories of data subjects.
    pub subjects: Vec<String>,
    /// Countries outside of the Union, or international organisations, to which the data goes, with the safeguard.
    pub transfers: Vec<String>,
    pub(crate) file: Arc<SourceFile>,
    /// Where the classes stand: the clause that a refusal points to.
    pub(crate) clause: Range<usize>,
}

impl Policy {
    /// The clause about classes, for people: file, line and what it allows.
    pub fn clause(&self) -> String {
        let classes: Vec<&str> = self.classes.iter().map(|class| class.name()).collect();
        let (line, _) = self.file.line_column(self.clause.start);
        format!("{}:{line}: `{}` carries {}", self.file.name(), self.topic, classes.join(", "))
    }

    /// How many days that is, where it is written as a number of days, weeks, months or years; a month counts as 30 days, a
    /// year as 365.
    pub fn retention_days(&self) -> Option<u32> {
        let (number, unit) = self.retention.as_deref()?.trim().split_once(' ')?;
        let days = match unit.trim() {
            "day" | "days" => 1,
            "week" | "weeks" => 7,
            "month" | "months" => 30,
            "year" | "years" => 365,
            _ => return None,
        };
        number.parse::<u32>().ok()?.checked_mul(days).filter(|days| *days > 0)
    }

    /// The clause about domains, for people.
    pub fn domains_clause(&self) -> String {
        let domains = self.domains.as_ref().map(|domains| domains.join(", "));
        let (line, _) = self.file.line_column(self.clause.start);
        let domains = domains.unwrap_or_else(|| "any domain".to_owned());
        format!("{}:{line}: `{}` may have pseudonyms of {domains}", self.file.name(), self.topic)
    }
}

/// The policies of a deployment.
#[derive(Debug, Clone, Default)]
pub struct Policies {
    by_topic: BTreeMap<String, Arc<Policy>>,
    declared: bool,
    controller: Controller,
}

impl Policies {
    /// The policy of a topic: under its whole name or, if there is none, without the prefix up to the first
    /// stop (`ayuntamiento.permit.v1` → `permit.v1`).
    pub fn of(&self, topic: &str) -> Option<&Arc<Policy>> {
        let short = topic.split_once('.').map_or(topic, |(_, rest)| rest);
        self.by_topic.get(topic).or_else(|| self.by_topic.get(short))
    }

    /// Whether the deployment has policies at all; if it has, a topic with personal data needs one.
    pub fn declared(&self) -> bool {
        self.declared
    }

    /// Who answers for the data, as far as it is said.
    pub fn controller(&self) -> &Controller {
        &self.controller
    }

    /// All of them, by topic.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Policy>> {
        self.by_topic.values()
    }
}

/// Reads `policies.yaml`.
pub(super) fn load(file: &Arc<SourceFile>) -> (Policies, Vec<Diagnostic>) {
    let mut policies = Policies { declared: true, ..Policies::default() };
    let root = match yaml::parse(file) {
        Ok(root) => root,
        Err(faults) => return (policies, faults),
    };
    let mut form = Form::new(file, &FORM);
    form.block(&root, "the file of policies", &["controller", "policies"]);
    if let Some(node) = root.get("controller") {
        policies.controller = controller(&mut form, node);
    }
    let entries = root.get("policies").and_then(|node| form.names(node, "`policies`"));
    for (key, node) in entries.unwrap_or_default() {
        if let Some(policy) = policy(&mut form, &key.text, node, key.span.clone()) {
            policies.by_topic.insert(key.text.clone(), Arc::new(policy));
        }
    }
    (policies, form.found)
}

fn controller(form: &mut Form<'_>, node: &Node) -> Controller {
    if form.block(node, "`controller`", &CONTROLLER).is_none() {
        return Controller::default();
    }
    let mut text = |key: &str| {
        node.get(key).and_then(|node| form.text(node, &format!("`{key}`"))).map(|text| text.text)
    };
    Controller {
        name: text("name"),
        contact: text("contact"),
        officer: text("officer"),
        representative: text("representative"),
    }
}

fn policy(form: &mut Form<'_>, topic: &str, node: &Node, at: Range<usize>) -> Option<Policy> {
    let what = format!("the policy of `{topic}`");
    form.block(node, &what, &KEYS)?;
    for key in ["purpose", "legal_basis", "classes"] {
        if node.get(key).is_none() {
            form.missing(at.clone(), &what, key);
        }
    }
    let mut text = |key: &str| {
        node.get(key).and_then(|node| form.text(node, &format!("`{key}`"))).map(|text| text.text)
    };
    let (purpose, legal_basis) = (text("purpose"), text("legal_basis"));
    let retention = text("retention");
    let mut texts = |key: &str| -> Vec<String> {
        let texts = node.get(key).map(|node| form.texts(node, &format!("`{key}`")));
        texts.unwrap_or_default().into_iter().map(|text| text.text).collect()
    };
    let domains = node.get("domains").map(|_| texts("domains"));
    let (consumers, subjects, transfers) =
        (texts("consumers"), texts("subjects"), texts("transfers"));
    let clause = node.get("classes")?;
    let classes = match clause.items() {
        Some(items) => {
            items.iter().filter_map(|item| form.word(item, "a class", &Class::words())).collect()
        }
        None => {
            form.shape(clause, "`classes`", "a list");
            return None;
        }
    };
    Some(Policy {
        topic: topic.to_owned(),
        purpose: purpose?,
        legal_basis: legal_basis?,
        classes,
        domains,
        retention,
        consumers,
        subjects,
        transfers,
        file: Arc::clone(form.file),
        clause: clause.span.clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_retention_that_is_a_length_of_time_can_be_counted_and_no_other() {
        let days = |retention: &str| {
            let text = format!(
                "policies:\n  a.v1:\n    purpose: p\n    legal_basis: l\n    classes: [public]\n    retention: {retention}\n"
            );
            let (policies, found) = load(&SourceFile::new("policies.yaml", text));
            assert!(found.is_empty());
            policies.of("t.a.v1").unwrap().retention_days()
        };
        for (retention, expected) in [
            ("5 years", Some(1825)),
            ("18 months", Some(540)),
            ("2 weeks", Some(14)),
            ("1 day", Some(1)),
            ("until the case is closed", None),
            ("5", None),
            ("0 days", None),
            ("99999999 years", None),
        ] {
            assert_eq!(days(retention), expected, "{retention}");
        }
    }
}
