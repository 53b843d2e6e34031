//! Character encodings.
