//! What the codes of mappings mean.

use acequia_api::CodeDoc;

/// The codes of this module.
pub const CODES: &[CodeDoc] = &[];
