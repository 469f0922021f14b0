//! Only that it resolves and compiles is of interest.
