//! From the records of an unknown source to a draft: what a person would otherwise find out by looking for a day.
//!
//! Bytes are surveyed and give a [`Form`] (encoding, delimiter, header); cells are profiled, one pass, bounded memory,
//! and give a [`Profile`] (types, null tokens, keys, personal data); a profile gives [`Draft`] files that pass
//! `acequia check`. Pure: bytes and cells in, texts out.
//!
//! Two rules. **Doubt is written down**: where values fit two readings, one is taken and the comment beside it says so;
//! what does not fit is counted, and will be rejected, not bent. **A draft holds no value of a person**: code tables
//! list columns that are not personal and have few values, and nothing else of the source stands in a draft.

mod alike;
mod column;
mod deployment;
mod encoding;
mod form;
mod header;
mod kinds;
mod mapping;
mod model;
mod moments;
mod numbers;
mod privacy;
mod profile;
mod quote;
mod split;
mod target;
mod verdict;
mod vocabulary;
mod words;

use crate::model::Model;

pub use deployment::KEY_FILES;
pub use encoding::Survey;
pub use form::{Form, Unreadable};
pub use profile::{ColumnProfile, Profile, Profiler};
pub use quote::slug;
pub use verdict::Reading;

/// What a draft is made for.
#[derive(Debug, Clone, Copy)]
pub struct Order<'a> {
    /// Its name, a [`slug`]: of the mapping's file, the pipeline, and the model where there is no other.
    pub name: &'a str,
    /// What people call the source: the name of a file or of a pipeline.
    pub source: &'a str,
    /// Where the records come from; none where a pipeline has them already.
    pub pipeline: Option<Place<'a>>,
    /// The model to map to; without it, one is drafted.
    pub to: Option<&'a Model>,
    /// Whether a deployment is drafted around it, with its name.
    pub around: Option<&'a str>,
    /// Whether pseudonyms can be made: whether the deployment has a key for them, or will.
    pub pseudonyms: bool,
    /// The classes that the topic may carry, if the deployment says so.
    pub policy: Option<&'a [crate::model::Class]>,
}

/// A drop directory and the file in it.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// The directory as it stands in the pipeline.
    pub directory: &'a str,
    /// The name of the file.
    pub file: &'a str,
    /// Whether the file may be taken away when it has been read.
    pub may_claim: bool,
    /// What the bytes look like.
    pub form: &'a Form,
}

/// A file of a draft.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// Its path in the deployment.
    pub path: String,
    /// What it holds.
    pub text: String,
}

/// The files of a draft, in the order in which they are read; none for a source without columns.
pub fn draft(profile: &Profile, order: &Order<'_>) -> Vec<Draft> {
    if profile.columns.is_empty() {
        return Vec::new();
    }
    let plan = mapping::Plan::of(profile, order);
    let mut files = Vec::new();
    if let Some(deployment) = order.around {
        files.extend(deployment::around(deployment, &plan, order));
    }
    if let Some(place) = &order.pipeline {
        files.push(deployment::pipeline(place, &plan, order));
    }
    files.push(mapping::write(profile, &plan, order));
    if order.to.is_none() {
        files.push(model::write(profile, &plan, order));
    }
    files.extend(mapping::tables(profile, &plan));
    files
}

#[cfg(test)]
mod tests;
