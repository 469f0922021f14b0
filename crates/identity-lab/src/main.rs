//! The command of the laboratory.

use std::process::ExitCode;

use identity_lab::command;

fn main() -> ExitCode {
    match command::run_printing(std::env::args().skip(1)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(said) => {
            eprintln!("{said}");
            ExitCode::FAILURE
        }
    }
}
