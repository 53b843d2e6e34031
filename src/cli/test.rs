//! `acequia test`

mod update;

use std::{sync::Arc, time::Instant};

use clap::Args;
use serde_json::json;

use super::{CliError, Exit, Global, Terminal, deployment, output::counted, watch};
use crate::{
    config::Deployment,
    mapping::{Mapping, TestResult, run_tests},
};

/// Which tests to run.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  acequia test
  acequia test licencias-to-permit
  acequia test --update          write what comes out into tests that expect nothing yet
  acequia test --watch           again whenever a file changes")]
pub struct TestArgs {
    /// Only these mappings
    mappings: Vec<String>,
    /// Name the tests that hold too
    #[arg(long, short)]
    verbose: bool,
    /// Write what comes out into the mapping files: into tests that expect nothing yet, and after asking into those
    /// that expect something else. Comments and everything else stay as they are
    #[arg(long, conflicts_with = "watch")]
    update: bool,
    /// With --update, do not ask
    #[arg(long, requires = "update")]
    yes: bool,
    /// Run again whenever a file of the deployment changes, until Ctrl-C
    #[arg(long)]
    watch: bool,
}

pub(super) fn run(
    args: &TestArgs,
    global: &Global,
    terminal: &mut Terminal,
) -> Result<Exit, CliError> {
    if args.watch {
        return watch::again(global, terminal, |terminal| once(args, global, terminal));
    }
    once(args, global, terminal)
}

/// The mappings that are asked for.
fn wanted(args: &TestArgs, deployment: &Deployment) -> Result<Vec<Arc<Mapping>>, CliError> {
    let known = &deployment.library.mappings;
    if let Some(unknown) = args.mappings.iter().find(|name| !known.contains_key(*name)) {
        return Err(deployment::unknown("mapping", unknown, known.keys().map(String::as_str)));
    }
    let wanted =
        known.iter().filter(|(name, _)| args.mappings.is_empty() || args.mappings.contains(*name));
    Ok(wanted.map(|(_, mapping)| Arc::clone(mapping)).collect())
}

fn once(args: &TestArgs, global: &Global, terminal: &mut Terminal) -> Result<Exit, CliError> {
    let begin = Instant::now();
    let deployment = deployment::files(global, terminal)?;
    let mut mappings = wanted(args, &deployment)?;
    let mut updates = None;
    if args.update {
        updates = Some(update::update(&mappings, args.yes, &deployment, global, terminal)?);
        mappings = wanted(args, &deployment::files(global, terminal)?)?;
    }
    let results: Vec<(&Mapping, Vec<TestResult>)> =
        mappings.iter().map(|mapping| (&**mapping, run_tests(mapping))).collect();
    let all = || results.iter().flat_map(|(_, results)| results);
    let failed = all().filter(|result| !result.ok()).count();
    if terminal.json {
        let list: Vec<_> =
            results.iter().map(|(mapping, results)| as_json(mapping, results)).collect();
        let mut report = json!({ "ok": failed == 0, "mappings": list });
        if let Some(updates) = updates {
            report["updates"] = json!(updates);
        }
        terminal.value(&report)?;
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
