//! Privacy classes.

use std::fmt;

/// How closed a value is, from open to closed; a later class is never less closed than an earlier one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// Anyone may know it.
    Public,
    /// Not about a person, but the institution's own.
    Internal,
    /// About an identified or identifiable person.
    Personal,
    /// Reaches a person: address, telephone, e-mail.
    PersonalContact,
    /// Identifies a person towards the state: NIF, CURP, social security number.
    PersonalNationalId,
    /// GDPR article 9: health, origin, belief, union membership, …
    Special,
    /// Credentials and the like.
    Secret,
}

impl Class {
    /// Every class, from open to closed.
    pub const ALL: [Class; 7] = [
        Class::Public,
        Class::Internal,
        Class::Personal,
        Class::PersonalContact,
        Class::PersonalNationalId,
        Class::Special,
        Class::Secret,
    ];

    /// The word used in files and events.
    pub fn name(self) -> &'static str {
        match self {
            Class::Public => "public",
            Class::Internal => "internal",
            Class::Personal => "personal",
            Class::PersonalContact => "personal.contact",
            Class::PersonalNationalId => "personal.national_id",
            Class::Special => "special",
            Class::Secret => "secret",
        }
    }

    /// Whether it is about a person or more closed than that.
    pub fn is_personal(self) -> bool {
        self >= Class::Personal
    }

    /// The words of all classes with their meaning, for reading files.
    pub(crate) fn words() -> [(&'static str, Class); 7] {
        Self::ALL.map(|class| (class.name(), class))
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
