//! Privacy: classes, protection, policies.

use std::sync::Arc;

use super::compile::Compiler;
use crate::{
    diagnostic::{Diagnostic, SourceFile},
    mapping::{
        FieldInfo, Policies, Policy,
        explain::{KeyUse, Origin},
        file::{DatePart, FieldNode, How, Protect},
        program::{Check, FieldCode, Guard},
        value::Type,
    },
    model::{self, Class, Kind, Text},
};

impl How {
    /// For people.
    pub(super) fn describe(&self) -> String {
        match self {
            How::Drop => "drop".to_owned(),
            How::Mask { keep_first, keep_last, kept } => {
                let length = if *kept { " and the length" } else { "" };
                format!("mask, keeping {keep_first} first and {keep_last} last characters{length}")
            }
            How::Part(part) => format!("generalize to the {}", part.name()),
            How::Bands(bands) => {
                let bands: Vec<String> = bands.iter().map(i64::to_string).collect();
                format!("generalize to the bands from {}", bands.join(", "))
            }
            How::KeepFirst(count) => format!("generalize to the first {count} characters"),
            How::Pseudonym(domain) => format!("pseudonym {}", domain.text),
            How::Encrypt(key) => format!("encrypt {}", key.text),
        }
    }
}

/// The domain or key under which a field is protected.
pub(super) fn domain(node: &FieldNode) -> Option<(KeyUse, String)> {
    match &node.protect.as_ref()?.how {
        How::Pseudonym(name) => Some((KeyUse::Pseudonym, name.text.clone())),
        How::Encrypt(name) => Some((KeyUse::Encryption, name.text.clone())),
        _ => None,
    }
}

impl Compiler<'_> {
    /// The class of a field before it is protected: that of the model or of the object around it, whichever is
    /// more closed, or a more closed one that the mapping gives.
    pub(super) fn class(
        &mut self,
        node: &FieldNode,
        target: &model::Field,
        around: Class,
    ) -> Class {
        let least = target.classes.iter().min().copied().unwrap_or(around).max(around);
        if let Some(when) = node.class.as_ref().and_then(|class| class.when.clone()) {
            let compiled = crate::mapping::expr::condition(&when.text, &self.names);
            self.expr_errors(&when, compiled);
        }
        let Some(given) = &node.class else {
            if target.classes.len() > 1 {
                let names: Vec<&str> = target.classes.iter().map(|class| class.name()).collect();
                let message = format!("the class of `{}` depends on its value", target.name);
                let found =
                    self.form.error("mapping.class_undecided", node.name.span.clone(), message);
                found.notes.push(format!("the model allows {}", names.join(", ")));
                found.help = Some("say which: `class: …` or `class: { when, then, else }`".into());
            }
            return target.classes.iter().max().copied().unwrap_or(around).max(around);
        };
        if let Some(low) = given.classes.iter().find(|class| **class < least) {
            let message = format!("`{}` is {least}; a mapping cannot make it {low}", target.name);
            let found = self.form.error("mapping.class_lowered", given.span.clone(), message);
            found.help = Some("leave the class to the model, or raise it".into());
        }
        given.classes.iter().max().copied().unwrap_or(least).max(least)
    }

    /// The class under which a field is published; none if it is not.
    pub(super) fn publish(
        &mut self,
        node: &FieldNode,
        target: &model::Field,
        code: &FieldCode,
        (class, origins): (Class, &[Origin]),
    ) -> Option<Class> {
        let how = node.protect.as_ref().map(|protect| &protect.how);
        if matches!(how, Some(How::Drop)) {
            return None;
        }
        let published = protected_class(class, how);
        let national = code
            .checks
            .iter()
            .any(|tested| matches!(&tested.check, Check::Identifier(id) if id.is_national_id()));
        if national && published < Class::PersonalNationalId && !hides(how) {
            let message = format!(
                "`{}` is {published} and would carry a national identifier in clear",
                target.name
            );
            let found =
                self.form.error("mapping.national_id_in_clear", node.name.span.clone(), message);
            found.help = Some(
                "protect it (`protect: { pseudonym: DOMAIN }`), or raise its class to personal.national_id".into(),
            );
            return Some(published);
        }
        let flows = self.judge_origins(node, (class, |class| protected_class(class, how)), origins);
        Some(protected_class(flows, how))
    }

    /// Compiles the protection; gives the type of what is published.
    pub(super) fn protected(
        &mut self,
        protect: &Protect,
        kind: Option<Type>,
        target: &model::Field,
        code: &mut FieldCode,
    ) -> Option<Type> {
        let keys = self.context.keys;
        let guard = match &protect.how {
            How::Drop => {
                code.protect = Some(Guard::Drop);
                return None;
            }
            How::Mask { keep_first, keep_last, kept } => {
                Guard::Mask { keep_first: *keep_first, keep_last: *keep_last, kept: *kept }
            }
            How::Part(part) => {
                let dates =
                    matches!(kind, None | Some(Type::Date | Type::Timestamp | Type::Instant));
                self.generalizable(protect, dates, "only dates have a year, a quarter and a month");
                let date = matches!(target.kind, Kind::PartialDate);
                let fits = !date || *part != DatePart::Quarter;
                self.generalizable(protect, fits, "a quarter is text, and the field a date");
                Guard::Part(*part)
            }
            How::Bands(bands) => {
                let number = matches!(kind, None | Some(Type::Int));
                self.generalizable(protect, number, "only whole numbers lie in bands");
                Guard::Bands(bands.clone())
            }
            How::KeepFirst(count) => {
                let text = matches!(kind, None | Some(Type::Text));
                self.generalizable(protect, text, "only text has first characters");
                Guard::KeepFirst(*count)
            }
            How::Pseudonym(domain) => {
                self.known_key(domain, &keys.domains(), "domain for pseudonyms");
                Guard::Pseudonym(domain.text.as_str().into())
            }
            How::Encrypt(key) => {
                self.known_key(key, &keys.keys(), "key");
                Guard::Encrypt(key.text.as_str().into())
            }
        };
        code.protect = Some(guard);
        Some(Type::Text)
    }

    fn generalizable(&mut self, protect: &Protect, good: bool, message: &str) {
        if !good {
            self.form.error("mapping.verb_type", protect.span.clone(), message);
        }
    }

    fn known_key(&mut self, name: &Text, known: &[&str], what: &str) {
        if known.contains(&name.text.as_str()) || known.contains(&"*") {
            return;
        }
        let message = format!("the deployment has no {what} `{}`", name.text);
        let found = Diagnostic::error(
            "mapping.unknown_protection_key",
            self.form.file,
            name.span.clone(),
            message,
        )
        .did_you_mean(&name.text, known.iter().copied());
        self.form.push(found);
    }
}

/// A mask that shows more characters than this hides nothing that could not be guessed.
const MOST_SHOWN: usize = 4;

/// What protection makes of a class: a pseudonym, a masked and an encrypted value are still personal, but no
/// identifier and no address any more. What is special stays special unless it is encrypted.
fn protected_class(class: Class, how: Option<&How>) -> Class {
    match how {
        Some(How::Encrypt(_)) => class.min(Class::Personal),
        Some(how) if class < Class::Special && hides(Some(how)) => class.min(Class::Personal),
        _ => class,
    }
}

/// Whether the value itself is no longer to be seen.
pub(super) fn hides(how: Option<&How>) -> bool {
    match how {
        Some(How::Mask { keep_first, keep_last, .. }) => keep_first + keep_last <= MOST_SHOWN,
        Some(How::Drop | How::Pseudonym(_) | How::Encrypt(_)) => true,
        Some(How::Part(_) | How::Bands(_) | How::KeepFirst(_)) | None => false,
    }
}

/// What of a mapping a topic may not carry, by the policy of the topic.
pub(in crate::mapping) fn judge_topic(
    fields: &[FieldInfo],
    file: &Arc<SourceFile>,
    topic: &str,
    policies: &Policies,
) -> Vec<Diagnostic> {
    let Some(policy) = policies.of(topic) else {
        let personal = fields.iter().find(|field| field.class.is_some_and(Class::is_personal));
        let Some(field) = personal.filter(|_| policies.declared()) else { return Vec::new() };
        let message = format!("topic `{topic}` carries personal data and has no policy");
        let missing =
            Diagnostic::error("mapping.policy_missing", file, field.span.clone(), message)
                .label(format!("this is {}", field.class.unwrap_or(Class::Personal)))
                .help(format!("add `{topic}` to the policies, with purpose, legal basis, classes"));
        return vec![missing];
    };
    let foreign = fields.iter().filter_map(|field| foreign_domain(field, file, policy));
    let refused = fields.iter().filter_map(|field| {
        let class = field.class.filter(|class| !policy.classes.contains(class))?;
        let message = format!("`{}` is {class}, which topic `{topic}` may not carry", field.path);
        let found =
            Diagnostic::error("mapping.class_not_allowed", file, field.span.clone(), message)
                .note(format!("policy {}", policy.clause()))
                .help("protect the field, drop it, or change the policy");
        Some(found)
    });
    refused.chain(foreign).collect()
}

/// A pseudonym in a domain that the policy does not name, where it names any.
fn foreign_domain(
    field: &FieldInfo,
    file: &Arc<SourceFile>,
    policy: &Policy,
) -> Option<Diagnostic> {
    let domain = field.domain.as_ref().filter(|_| field.key_use == Some(KeyUse::Pseudonym))?;
    let allowed = policy.domains.as_ref().filter(|allowed| !allowed.contains(domain))?;
    let topic = &policy.topic;
    let message = format!(
        "`{}` has a pseudonym of `{domain}`, with which `{topic}` may not join",
        field.path
    );
    let found = Diagnostic::error("mapping.domain_not_allowed", file, field.span.clone(), message)
        .note(format!("policy {}", policy.domains_clause()))
        .did_you_mean(domain, allowed.iter().map(String::as_str));
    Some(found)
}
