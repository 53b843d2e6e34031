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

const KEYS: [&str; 5] = ["purpose", "legal_basis", "classes", "retention", "consumers"];

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
    /// How long events are kept at most, as written.
    pub retention: Option<String>,
    /// Who reads the topic.
    pub consumers: Vec<String>,
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
}

/// The policies of a deployment.
#[derive(Debug, Clone, Default)]
pub struct Policies {
    by_topic: BTreeMap<String, Arc<Policy>>,
    declared: bool,
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

    /// All of them, by topic.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Policy>> {
        self.by_topic.values()
    }
}

/// Reads `policies.yaml`.
pub(super) fn load(file: &Arc<SourceFile>) -> (Policies, Vec<Diagnostic>) {
    let mut policies = Policies { by_topic: BTreeMap::new(), declared: true };
    let root = match yaml::parse(file) {
        Ok(root) => root,
        Err(faults) => return (policies, faults),
    };
    let mut form = Form::new(file, &FORM);
    form.block(&root, "the file of policies", &["policies"]);
    let entries = root.get("policies").and_then(|node| form.names(node, "`policies`"));
    for (key, node) in entries.unwrap_or_default() {
        if let Some(policy) = policy(&mut form, &key.text, node, key.span.clone()) {
            policies.by_topic.insert(key.text.clone(), Arc::new(policy));
        }
    }
    (policies, form.found)
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
    let consumers = node.get("consumers").map(|node| form.texts(node, "`consumers`"));
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
        retention,
        consumers: consumers.unwrap_or_default().into_iter().map(|text| text.text).collect(),
        file: Arc::clone(form.file),
        clause: clause.span.clone(),
    })
}
