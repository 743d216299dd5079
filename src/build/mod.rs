//! Names the packages, wraps each verb as a stage, plans the graph.

pub mod program;
