//! What the checker found out, in ids and tables; export data.
