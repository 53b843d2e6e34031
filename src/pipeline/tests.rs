//! The pipeline as a whole, against the development broker.
