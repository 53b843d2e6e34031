//! Rows of the table of bad inputs.
