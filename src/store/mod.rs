//! Keeps bytes under keys; a damaged entry is a miss.
