//! The laws of the ports, held against this adapter: every law in a schema of its own, side by side.

use crate::common::Place;

identity_conformance::suite!(Place::new());
