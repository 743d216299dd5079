//! What one file says about itself before it is parsed whole.
