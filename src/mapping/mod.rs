//! To be written.

pub mod decode;
pub mod expr;
pub mod value;
