//! Objects to an executable image.
