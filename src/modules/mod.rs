//! go.mod files to an exact list of packages and files.
