//! `acequia init DIR`

use std::{
    fs::{self, OpenOptions},
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use clap::Args;

use super::{
    CliError, Exit, Terminal,
    demo::content::{DEPLOYMENT, FEEDS, KEY_FILES},
    output::printable,
};
use crate::{config::schema, connectors::registry, event::KeyRing, mapping};

/// Where to make a deployment.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  acequia init townhall && cd townhall && acequia check
  acequia init townhall --example        with three pipelines and files to read")]
pub struct InitArgs {
    /// A directory that does not exist or is empty
    dir: PathBuf,
    /// The name of the deployment: prefix of topics and transactional ids; the directory's unless given
    #[arg(long)]
    name: Option<String>,
    /// All pipelines of the example, and files in their drop directories
    #[arg(long)]
    example: bool,
}

/// The pipeline and the mapping that a new deployment begins with.
const FIRST: [&str; 2] = ["pipelines/permits.yaml", "mappings/licencias-to-permit.yaml"];

pub(super) fn run(args: &InitArgs, terminal: &mut Terminal) -> Result<Exit, CliError> {
    let name = match &args.name {
        Some(name) => name.clone(),
        None => name_of(&args.dir)?,
    };
    if !is_name(&name) {
        return Err(CliError::Usage(format!(
            "`{name}` cannot be the name of a deployment: use `a-z`, `0-9` and `-`, for instance `--name townhall`"
        )));
    }
    if fs::read_dir(&args.dir).is_ok_and(|mut entries| entries.next().is_some()) {
        let dir = printable(&args.dir.display().to_string());
        return Err(CliError::Usage(format!("`{dir}` is not empty")));
    }
    for (path, text) in DEPLOYMENT.iter().filter(|(path, _)| args.example || is_wanted(path)) {
        let text = text.replace("deployment: villaclara", &format!("deployment: {name}"));
        let text = format!("{}{text}", schema_line(path));
        write(&args.dir, path, text.as_bytes(), 0o644)?;
    }
    for path in KEY_FILES {
        write(&args.dir, path, KeyRing::generate("k1").as_bytes(), 0o600)?;
    }
    for (name, schema) in schemas() {
        let text = serde_json::to_string_pretty(&schema)
            .map_err(|cause| CliError::system(format!("cannot be written as JSON: {cause}")))?;
        write(&args.dir, &format!("schema/{name}.schema.json"), text.as_bytes(), 0o644)?;
    }
    write(&args.dir, ".gitignore", b"keys/\nstate/\ndrop/\n", 0o644)?;
    drops(args)?;
    conclude(args, terminal)
}

fn drops(args: &InitArgs) -> Result<(), CliError> {
    for feed in FEEDS.iter().filter(|feed| args.example || FIRST[0].contains(feed.pipeline)) {
        let folder = format!("drop/{}", feed.pipeline);
        let path = args.dir.join(&folder);
        fs::create_dir_all(&path).map_err(|cause| unwritable(&path, &cause))?;
        for (name, bytes) in feed.files.iter().filter(|_| args.example) {
            write(&args.dir, &format!("{folder}/{name}"), bytes, 0o644)?;
        }
    }
    Ok(())
}

fn conclude(args: &InitArgs, terminal: &mut Terminal) -> Result<Exit, CliError> {
    let dir = printable(&args.dir.display().to_string());
    if terminal.json {
        terminal.value(&serde_json::json!({ "directory": args.dir }))?;
        return Ok(Exit::Ok);
    }
    let head = terminal.bold(&dir);
    terminal.line(format!("{head} is a new deployment:\n"))?;
    for (path, what) in [
        ("acequia.yaml", "the daemon: Kafka, keys, listeners"),
        ("pipelines/", "one file for each flow"),
        ("mappings/", "what records become, with tests; models and code tables beside"),
        ("policies.yaml", "which personal data a topic may carry, and why"),
        ("schema/", "what editors complete and check these files with"),
        ("keys/", "made for this deployment, for you only: keep a copy in a safe place"),
    ] {
        terminal.fact(path, 14, what)?;
    }
    terminal.line(format!("\nNext: cd {dir} && acequia check && acequia test"))?;
    Ok(Exit::Ok)
}

fn schemas() -> [(&'static str, serde_json::Value); 3] {
    [
        ("acequia", schema::daemon()),
        ("pipeline", schema::pipeline(registry())),
        ("mapping", mapping::json_schema()),
    ]
}

/// The first line of a file that there is a schema for: it tells editors where that is.
fn schema_line(path: &str) -> String {
    let (way, name) = match path.split_once('/') {
        None if path == "acequia.yaml" => ("", "acequia"),
        Some(("pipelines", _)) => ("../", "pipeline"),
        Some(("mappings", rest)) if !rest.contains('/') => ("../", "mapping"),
        _ => return String::new(),
    };
    format!("# yaml-language-server: $schema={way}schema/{name}.schema.json\n")
}

fn is_wanted(path: &str) -> bool {
    let is_first = FIRST.contains(&path);
    let is_flow = path.starts_with("pipelines/")
        || (path.starts_with("mappings/") && path.matches('/').count() == 1);
    is_first || !is_flow
}

fn name_of(dir: &Path) -> Result<String, CliError> {
    let path = std::path::absolute(dir)?;
    Ok(path.file_name().map_or_else(String::new, |name| name.to_string_lossy().to_lowercase()))
}

fn is_name(name: &str) -> bool {
    let known = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=64).contains(&name.len())
        && name.bytes().all(known)
        && !name.starts_with('-')
        && !name.ends_with('-')
}

/// Never replaces a file that is there.
fn write(root: &Path, name: &str, bytes: &[u8], mode: u32) -> Result<(), CliError> {
    let path = root.join(name);
    let folder = path.parent().unwrap_or(root);
    fs::create_dir_all(folder).map_err(|cause| unwritable(folder, &cause))?;
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(&path)
        .and_then(|mut file| file.write_all(bytes))
        .map_err(|cause| unwritable(&path, &cause))
}

fn unwritable(path: &Path, cause: &std::io::Error) -> CliError {
    let path = printable(&path.display().to_string());
    CliError::system(format!("`{path}` could not be written: {cause}"))
}
