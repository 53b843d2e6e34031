//! Checking mapping files against sources, models, tables, keys and policies, and compiling those that hold.
//!
//! Nothing stops at the first mistake: a part that cannot be read is passed over, everything else is checked,
//! and what depends on the part is not reported again.

mod cases;
mod compile;
mod evidence;
mod field;
mod fit;
mod key;
mod lets;
mod lookup;
mod path;
mod privacy;
mod scope;
mod source;
mod split;
mod steps;
mod taint;
mod zone;

use std::{collections::BTreeMap, sync::Arc};

pub(super) use compile::text_schema;
pub(super) use privacy::judge_topic;
#[cfg(test)]
pub(super) use source::OPTIONS;

use super::{
    Library, Mapping, Texts, file,
    policy::{self, Policies},
    protect::KeyNames,
    tables::{self, Table},
};
use crate::{
    diagnostic::{Diagnostic, has_errors},
    model::{self, Models},
};

/// What mappings are checked against.
struct Context<'a> {
    models: &'a Models,
    tables: &'a BTreeMap<String, Arc<Table>>,
    policies: &'a Policies,
    keys: &'a dyn KeyNames,
}

/// Checks everything at once: models, tables, policies and mappings. Gives what holds, also beside mistakes, and
/// all findings, file by file in the order of their places.
pub fn check(texts: &Texts, keys: &dyn KeyNames) -> (Library, Vec<Diagnostic>) {
    let (models, mut found) = model::load(&texts.models);
    let (tables, faults) = tables::load(&texts.codes);
    found.extend(faults);
    let mut policies = Policies::default();
    if let Some(file) = &texts.policies {
        let faults;
        (policies, faults) = policy::load(file);
        found.extend(faults);
    }
    let context = Context { models: &models, tables: &tables, policies: &policies, keys };
    let mut mappings: BTreeMap<String, Arc<Mapping>> = BTreeMap::new();
    let mut seen: BTreeMap<String, &str> = BTreeMap::new();
    for text in &texts.mappings {
        let (read, mut faults) = file::read(text);
        if let Some(read) = read {
            let (name, span) = (read.name.text.clone(), read.name.span.clone());
            if let Some(earlier) = seen.insert(name.clone(), text.name()) {
                let message = format!("there is already a mapping `{name}`");
                let twice = Diagnostic::error("mapping.duplicate", text, span, message);
                faults.push(twice.note(format!("it stands in {earlier}")));
            }
            let (mapping, more) = compile::compile(read, &context);
            faults.extend(more);
            if !has_errors(&faults) {
                mappings.extend(mapping.map(|mapping| (name, Arc::new(mapping))));
            }
        }
        faults.sort_by_key(|fault| fault.span.start);
        found.extend(faults);
    }
    (Library { models, tables, policies, mappings }, found)
}
