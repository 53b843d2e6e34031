//! The program: parse, log, run, exit code.

use std::process::ExitCode;

use acequia::cli::{self, Cli};
use clap::Parser;
use tracing_subscriber::{EnvFilter, fmt, prelude::*};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = Cli::parse();
    log();
    cli::be_discreet();
    cli::main(cli)
}

/// Logs go to standard error, so that standard output stays what a verb has to say: `ACEQUIA_LOG` says how much
/// (`info`, `acequia::publish=debug`), `ACEQUIA_LOG_FORMAT=json` how. Control characters in values are escaped by the
/// formatter.
fn log() {
    let filter = EnvFilter::try_from_env("ACEQUIA_LOG").unwrap_or_else(|_| EnvFilter::new("warn"));
    let json = std::env::var("ACEQUIA_LOG_FORMAT").is_ok_and(|format| format == "json");
    let layer = if json {
        fmt::layer().json().with_writer(std::io::stderr).boxed()
    } else {
        let color = std::io::IsTerminal::is_terminal(&std::io::stderr())
            && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        fmt::layer().with_ansi(color).with_target(false).with_writer(std::io::stderr).boxed()
    };
    tracing_subscriber::registry().with(filter).with(layer).init();
}
