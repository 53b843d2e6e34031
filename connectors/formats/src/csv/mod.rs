//! Delimited text.

mod config;

use acequia_api::{CodeDoc, ConfigFault, Projection, SourceError};

pub use config::{
    Control, CsvConfig, Empty, FinalNewline, Kind, KindTrailer, LineTrailer, Records,
};

use crate::Decoder;

/// The code of a unit that ends too early and may be complete later.
pub const INCOMPLETE: &str = "decode.csv.incomplete";

/// Every error code of this format.
pub const CODES: &[CodeDoc] = &[];

impl CsvConfig {
    /// Everything that is wrong with the configuration by itself; paths begin with `csv`.
    pub fn validate(&self) -> Vec<ConfigFault> {
        Vec::new()
    }
}

pub(crate) fn decoder(
    _config: &CsvConfig,
    _projection: &Projection,
) -> Result<Box<dyn Decoder>, SourceError> {
    Err(SourceError::bug("decode.csv.unfinished", "this format is being built"))
}
