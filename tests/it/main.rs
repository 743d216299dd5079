//! The one integration test binary.
<<<<<<< HEAD
mod modules;
=======
mod lower_std;
>>>>>>> b07c89b (Add a tool that lowers the standard library)
mod tidy;
