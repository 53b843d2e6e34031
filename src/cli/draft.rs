//! `acequia draft SOURCE`: what is in a source, and the mapping that a person would begin with.
//!
//! A file is read twice: once for what its bytes are, once for its records, which the same decoder reads that a pipeline
//! would use. Nothing is written unless asked for, and nothing is ever written over.

mod look;
mod show;

use std::{
    fs::{self, OpenOptions},
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    sync::Arc,
};

use clap::Args;
use serde_json::json;

use super::{
    CliError, Exit, Global, Terminal, demo::content::DEPLOYMENT, deployment, output::printable,
};
use crate::{
    config::Deployment,
    diagnostic::{SourceFile, has_errors, render, suggest, summary_of},
    draft::{self, Draft, Form, KEY_FILES, Order, Place, Profile, slug},
    event::KeyRing,
    model::{self, Class, Model},
};

/// What to look at, and where to put the draft.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  acequia draft export.csv                       types, keys, personal data, doubts
  acequia draft export.csv --out trial           a deployment of its own, to try it in
  acequia draft export.csv --write --name fees   into this deployment, under that name
  acequia draft export.csv --write --to permit/1     to a model that is there
  acequia draft permits --json                   the records of a pipeline, for programs

Nothing is overwritten, and no value of a column that may be about people is shown or written.")]
pub struct DraftArgs {
    /// A file (plain, gzip, zstd, or a zip file with one member), or a pipeline of the deployment
    source: String,
    /// Map to this model, `permit/1`, instead of drafting one
    #[arg(long, value_name = "MODEL")]
    to: Option<String>,
    /// The name of mapping, model and pipeline; that of the source unless given
    #[arg(long)]
    name: Option<String>,
    /// Write the draft into the deployment
    #[arg(long, conflicts_with = "out")]
    write: bool,
    /// Make a deployment around the draft in a directory that does not exist or is empty
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

/// What was looked at.
struct Looked {
    profile: Profile,
    /// The form of a file; a pipeline knows its own.
    form: Option<Form>,
    /// What went wrong on the way, after which nothing more was read.
    cut: Option<String>,
}

pub(super) fn run(
    args: &DraftArgs,
    global: &Global,
    terminal: &mut Terminal,
) -> Result<Exit, CliError> {
    let file = Path::new(&args.source);
    let is_file = file.is_file();
    let known = if is_file && !args.write { None } else { Some(known(args, global, terminal)?) };
    let name = name(args, is_file)?;
    let looked = match &known {
        Some(deployment) if !is_file => {
            look::pipeline(deployment::pipeline(&args.source, deployment)?)?
        }
        _ => look::file(file)?,
    };
    if looked.profile.columns.is_empty() {
        let source = printable(&args.source);
        return Err(CliError::system(format!("`{source}` has no column that could be drafted")));
    }
    let library = library(args, known.as_ref());
    let to = args.to.as_ref().map(|to| find_model(to, &library)).transpose()?;
    let files = drafts(args, &name, &looked, known.as_ref(), to.as_deref())?;
    show::show(args, &looked, &files, terminal)?;
    let root = match (&args.out, args.write) {
        (Some(out), _) => out.clone(),
        (None, true) => global.config.parent().unwrap_or(Path::new("")).to_owned(),
        (None, false) => return Ok(Exit::Ok),
    };
    write(args, &root, &name, &files)?;
    if args.out.is_some() {
        let global = Global { config: root.join("acequia.yaml"), ..global.clone() };
        return conclude(args, &name, &global, terminal);
    }
    conclude(args, &name, global, terminal)
}

/// The deployment, if the verb needs one.
fn known(args: &DraftArgs, global: &Global, terminal: &Terminal) -> Result<Deployment, CliError> {
    if !args.write && !global.config.is_file() {
        let source = printable(&args.source);
        return Err(CliError::Usage(format!(
            "there is no file `{source}`, and no deployment here that could have a pipeline of that name"
        )));
    }
    deployment::open(global, terminal)
}

fn name(args: &DraftArgs, is_file: bool) -> Result<String, CliError> {
    if let Some(name) = &args.name {
        if slug(name) != *name {
            return Err(CliError::Usage(format!(
                "`{}` cannot be the name: use `a-z`, `0-9` and `-`, for instance `--name {}`",
                printable(name),
                slug(name)
            )));
        }
        return Ok(name.clone());
    }
    if !is_file {
        return Ok(slug(&args.source));
    }
    let base = Path::new(&args.source).file_name().unwrap_or_default().to_string_lossy();
    let stem = base.split('.').find(|part| !part.is_empty()).unwrap_or_default();
    Ok(slug(stem))
}

/// The models to choose from: those of the deployment, or those that every new deployment gets.
fn library(args: &DraftArgs, known: Option<&Deployment>) -> model::Models {
    match known {
        Some(deployment) if args.out.is_none() => deployment.library.models.clone(),
        _ => {
            let files: Vec<Arc<SourceFile>> =
                shipped().map(|(path, text)| SourceFile::new(path, text)).collect();
            model::load(&files).0
        }
    }
}

fn shipped() -> impl Iterator<Item = (&'static str, &'static str)> {
    DEPLOYMENT.iter().copied().filter(|(path, _)| path.starts_with("mappings/models/"))
}

fn find_model(to: &str, library: &model::Models) -> Result<Arc<Model>, CliError> {
    library.get(to).cloned().ok_or_else(|| {
        let message = format!("there is no model `{}`", printable(to));
        CliError::Usage(match suggest(to, library.keys().map(String::as_str)) {
            Some(close) => format!("{message}; did you mean `{close}`?"),
            None => message,
        })
    })
}

/// The files of the draft.
fn drafts(
    args: &DraftArgs,
    name: &str,
    looked: &Looked,
    known: Option<&Deployment>,
    to: Option<&Model>,
) -> Result<Vec<Draft>, CliError> {
    let path = Path::new(&args.source);
    let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let directory = match &args.out {
        Some(_) => {
            let whole = std::path::absolute(path)?;
            whole.parent().unwrap_or(Path::new("/")).to_string_lossy().into_owned()
        }
        None => format!("drop/{name}"),
    };
    let place = looked.form.as_ref().map(|form| Place {
        directory: &directory,
        file: &file,
        may_claim: args.out.is_none(),
        form,
    });
    let around = args.out.as_ref().map(|out| {
        let whole = std::path::absolute(out).unwrap_or_else(|_| out.clone());
        slug(&whole.file_name().unwrap_or_default().to_string_lossy())
    });
    let topic = to.map_or_else(|| format!("{name}.v1"), Model::topic);
    let policy = known.filter(|_| args.out.is_none()).and_then(|known| policy(known, &topic));
    let order = Order {
        name,
        source: if file.is_empty() { &args.source } else { &file },
        pipeline: place,
        to,
        around: around.as_deref(),
        pseudonyms: args.out.is_some()
            || known.is_none_or(|known| known.daemon.keys.pseudonym.is_some()),
        policy: policy.as_deref(),
    };
    let mut files = draft::draft(&looked.profile, &order);
    if let (Some(model), Some(_)) = (to, &args.out) {
        let path = model.file.name();
        let text = shipped().find(|(known, _)| known == &path).map(|(_, text)| text);
        files.extend(text.map(|text| Draft { path: path.to_owned(), text: text.to_owned() }));
    }
    Ok(files)
}

/// The classes that a topic may carry; none if nobody has said so for any topic.
fn policy(known: &Deployment, topic: &str) -> Option<Vec<Class>> {
    let policies = &known.library.policies;
    policies
        .declared()
        .then(|| policies.of(topic).map(|policy| policy.classes.clone()).unwrap_or_default())
}

/// Writes the files, or none of them if one is there already.
fn write(args: &DraftArgs, root: &Path, name: &str, files: &[Draft]) -> Result<(), CliError> {
    if args.out.is_some() && fs::read_dir(root).is_ok_and(|mut entries| entries.next().is_some()) {
        return Err(CliError::Usage(format!(
            "`{}` is not empty",
            printable(&root.display().to_string())
        )));
    }
    if let Some(there) = files.iter().find(|file| root.join(&file.path).exists()) {
        return Err(CliError::system(format!("`{}` is there already", printable(&there.path)))
            .hint("nothing was written; give the draft another name: `--name NAME`"));
    }
    for file in files {
        write_new(&root.join(&file.path), file.text.as_bytes(), 0o644)?;
    }
    if args.out.is_some() {
        for path in KEY_FILES {
            write_new(&root.join(path), KeyRing::generate("k1").as_bytes(), 0o600)?;
        }
        return write_new(&root.join(".gitignore"), b"keys/\nstate/\n", 0o644);
    }
    if files.iter().any(|file| file.path.starts_with("pipelines/")) {
        let drop = root.join("drop").join(name);
        fs::create_dir_all(&drop).map_err(|cause| unwritable(&drop, &cause))?;
    }
    Ok(())
}

fn write_new(path: &Path, bytes: &[u8], mode: u32) -> Result<(), CliError> {
    let folder = path.parent().unwrap_or(path);
    fs::create_dir_all(folder).map_err(|cause| unwritable(folder, &cause))?;
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(path)
        .and_then(|mut file| file.write_all(bytes))
        .map_err(|cause| unwritable(path, &cause))
}

fn unwritable(path: &Path, cause: &std::io::Error) -> CliError {
    let path = printable(&path.display().to_string());
    CliError::system(format!("`{path}` could not be written: {cause}"))
}

/// Checks what was written, as `acequia check` does, and says what comes next.
fn conclude(
    args: &DraftArgs,
    name: &str,
    global: &Global,
    terminal: &mut Terminal,
) -> Result<Exit, CliError> {
    let (_, found) = deployment::read(global, true);
    let wrong = has_errors(&found);
    let exit = if wrong { Exit::Findings } else { Exit::Ok };
    if terminal.json {
        return Ok(exit);
    }
    terminal.text(&render(&found, terminal.color))?;
    let summary = summary_of(found.iter().map(|found| found.severity));
    let summary = if wrong { terminal.bad(&summary) } else { terminal.good(&summary) };
    terminal.line(format!("check: {summary}"))?;
    let config = match &args.out {
        Some(_) => format!(" --config {}", global.config.display()),
        None => String::new(),
    };
    let config = printable(&config);
    if !args.write {
        terminal.line(format!("\nNext: acequia{config} preview {name}"))?;
    } else if Path::new(&args.source).is_file() {
        terminal.line(format!(
            "\nNext: copy files to drop/{name}, then acequia{config} preview {name}"
        ))?;
    } else {
        terminal.line(format!(
            "\nNext: put the mapping into the pipeline, then acequia{config} preview {}",
            printable(&args.source)
        ))?;
    }
    Ok(exit)
}

/// The whole answer for programs.
fn answer(args: &DraftArgs, looked: &Looked, files: &[Draft]) -> serde_json::Value {
    let files: Vec<_> =
        files.iter().map(|file| json!({ "path": file.path, "text": file.text })).collect();
    json!({
        "source": args.source,
        "format": looked.form.as_ref().map(Form::to_json),
        "form_notes": looked.form.as_ref().map(|form| form.notes.clone()).unwrap_or_default(),
        "cut": looked.cut,
        "profile": looked.profile.to_json(),
        "files": files,
        "written": args.write || args.out.is_some(),
    })
}
