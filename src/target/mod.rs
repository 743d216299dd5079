//! Facts about a GOOS/GOARCH pair.
