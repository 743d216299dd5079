//! SSA functions with a text form and a verifier.
