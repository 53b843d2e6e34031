//! What is known about one output field: `acequia check --explain FIELD`.

use std::ops::Range;

use super::Mapping;
use crate::model::Class;

/// A column, or a `let`, that a field is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// Its name.
    pub name: String,
    /// Its class, where it is known.
    pub class: Option<Class>,
    /// Who says so.
    pub because: Option<String>,
    /// The `let` by way of which it comes.
    pub by: Option<String>,
}

/// What a key makes of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyUse {
    /// A pseudonym in a domain.
    Pseudonym,
    /// An encrypted value.
    Encryption,
}

/// An output field as the mapping makes it.
#[derive(Debug, Clone)]
pub struct FieldInfo {
    /// Path in the event, such as `holder.key`.
    pub path: String,
    /// Source fields and `let`s that it reads.
    pub sources: Vec<String>,
    /// Where its value comes from, as written.
    pub producer: String,
    /// What happens to the value, in this order.
    pub steps: Vec<String>,
    /// The columns behind them, through all `let`s.
    pub origins: Vec<Origin>,
    /// The class of its value before it is protected.
    pub unprotected: Class,
    /// The class under which it is published; none for objects and lists, whose members have theirs.
    pub class: Option<Class>,
    /// What is made with a key.
    pub key_use: Option<KeyUse>,
    /// The domain of its pseudonym or the key of its encryption.
    pub domain: Option<String>,
    /// Line of the mapping file.
    pub line: usize,
    pub(super) span: Range<usize>,
}

/// A field with what follows from the rest of the mapping.
#[derive(Debug, Clone)]
pub struct Explanation<'m> {
    /// The field.
    pub field: &'m FieldInfo,
    /// Whether it is the Kafka key.
    pub is_key: bool,
    /// Title and standard of the model's field.
    pub meaning: (Option<&'m str>, Option<&'m str>),
    /// The clause of the topic's policy that allows its class.
    pub clause: Option<String>,
    /// Purpose and legal basis, by the same policy.
    pub purpose: Option<(&'m str, &'m str)>,
}

impl Mapping {
    /// Everything that is known about an output field, by its path.
    pub fn explain(&self, path: &str) -> Option<Explanation<'_>> {
        let field = self.info.iter().find(|info| info.path == path)?;
        let target = self.model.field(path);
        let policy = self.policy.as_deref();
        Some(Explanation {
            field,
            is_key: self.key_field == path,
            meaning: (
                target.and_then(|target| target.title.as_deref()),
                target.and_then(|target| target.standard.as_deref()),
            ),
            clause: policy.map(super::Policy::clause),
            purpose: policy.map(|policy| (policy.purpose.as_str(), policy.legal_basis.as_str())),
        })
    }

    /// All output fields in the order of the file.
    pub fn output_fields(&self) -> &[FieldInfo] {
        &self.info
    }
}
