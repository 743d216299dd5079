//! The `thermos` executable: everything is in the library.

fn main() -> std::process::ExitCode {
    thermos::cli::main()
}
