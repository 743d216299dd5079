//! Type-checks one package against its imports' interfaces.
