//! `acequia test`

use std::time::Instant;

use clap::Args;
use serde_json::json;

use super::{CliError, Exit, Global, Terminal, deployment, output::counted};
use crate::mapping::{Mapping, TestResult, run_tests};

/// Which tests to run.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  acequia test\n  acequia test licencias-to-permit")]
pub struct TestArgs {
    /// Only these mappings
    mappings: Vec<String>,
    /// Name the tests that hold too
    #[arg(long, short)]
    verbose: bool,
}

pub(super) fn run(
    args: &TestArgs,
    global: &Global,
    terminal: &mut Terminal,
) -> Result<Exit, CliError> {
    let begin = Instant::now();
    let deployment = deployment::files(global, terminal)?;
    let known = &deployment.library.mappings;
    if let Some(unknown) = args.mappings.iter().find(|name| !known.contains_key(*name)) {
        return Err(deployment::unknown("mapping", unknown, known.keys().map(String::as_str)));
    }
    let wanted =
        known.iter().filter(|(name, _)| args.mappings.is_empty() || args.mappings.contains(*name));
    let results: Vec<(&Mapping, Vec<TestResult>)> =
        wanted.map(|(_, mapping)| (&**mapping, run_tests(mapping))).collect();
    let all = || results.iter().flat_map(|(_, results)| results);
    let failed = all().filter(|result| !result.ok()).count();
    if terminal.json {
        let list: Vec<_> =
            results.iter().map(|(mapping, results)| as_json(mapping, results)).collect();
        terminal.value(&json!({ "ok": failed == 0, "mappings": list }))?;
    } else {
        for (mapping, results) in &results {
            show(mapping, results, args.verbose, terminal)?;
        }
        let total = counted(all().count(), "test", "tests");
        let outcome = if failed == 0 {
            terminal.good("all hold")
        } else {
            terminal.bad(&format!("{failed} failed"))
        };
        let time = begin.elapsed().as_millis();
        let mappings = counted(results.len(), "mapping", "mappings");
        terminal.line(format!("{total} of {mappings}: {outcome} ({time} ms)"))?;
    }
    Ok(if failed == 0 { Exit::Ok } else { Exit::Findings })
}

fn show(
    mapping: &Mapping,
    results: &[TestResult],
    verbose: bool,
    terminal: &mut Terminal,
) -> Result<(), CliError> {
    if results.is_empty() {
        let none = terminal.faint("no tests");
        return terminal.line(format!("{}: {none}", mapping.name));
    }
    for result in results.iter().filter(|result| verbose || !result.ok()) {
        let mark = if result.ok() { terminal.good("ok") } else { terminal.bad("FAILED") };
        terminal.line(format!(
            "{}:{}: {} … {mark}",
            mapping.file.name(),
            result.line,
            result.name
        ))?;
        for difference in &result.differences {
            terminal.line(format!("    {difference}"))?;
        }
    }
    Ok(())
}

fn as_json(mapping: &Mapping, results: &[TestResult]) -> serde_json::Value {
    let tests: Vec<_> = results
        .iter()
        .map(|result| {
            json!({
                "name": result.name,
                "line": result.line,
                "ok": result.ok(),
                "differences": result.differences,
            })
        })
        .collect();
    json!({ "mapping": &*mapping.name, "file": mapping.file.name(), "tests": tests })
}
