//! `sparkle-run`: see `sparkle-run --help`.

fn main() -> std::process::ExitCode {
    sparkle::cli::main()
}
