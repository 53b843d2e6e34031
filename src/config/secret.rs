//! Secrets are never written into a configuration: a field that needs one holds a *reference*, `${file:PATH}` or
//! `${env:NAME}`.
//!
//! A JSON Schema says which fields these are. `format: secret` marks the secret of a connector or of the connection to
//! Kafka: the loader puts the value in the place of the reference, so that neither knows of references. A [`Secret`]
//! stays a reference and is read when it is used; `format: key-file` marks those that may have several lines. No value
//! appears in a `Debug` or an error.

use std::{
    fmt,
    io::Read,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use secrecy::SecretString;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

/// The `format` of a field that holds a reference and is read as its value.
pub const SECRET_FORMAT: &str = "secret";
/// The `format` of a field that holds a reference and is read as such.
pub const REFERENCE_FORMAT: &str = "secret-reference";
/// The `format` of a field that holds a reference to a file of keys.
pub const KEYS_FORMAT: &str = "key-file";

/// No secret is longer; a larger file is not the one that was meant.
const LONGEST: u64 = 64 * 1024;

/// A reference to a secret.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Secret {
    /// The content of a file, without one final line break.
    File(PathBuf),
    /// The value of an environment variable.
    Env(String),
}

/// Why a secret cannot be used. Names the reference, never the value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretFault {
    /// `config.secret_…`
    pub code: &'static str,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub hint: String,
}

impl fmt::Display for SecretFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for SecretFault {}

impl Secret {
    /// Reads a reference from its written form.
    pub fn parse(text: &str) -> Option<Self> {
        let inner = text.strip_prefix("${")?.strip_suffix('}')?;
        if let Some(path) = inner.strip_prefix("file:") {
            return (!path.is_empty()).then(|| Self::File(PathBuf::from(path)));
        }
        let name = inner.strip_prefix("env:")?;
        let word = !name.is_empty()
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        word.then(|| Self::Env(name.to_owned()))
    }

    /// The same reference with a relative path taken from `root`.
    #[must_use]
    pub fn relative_to(self, root: &Path) -> Self {
        match self {
            Self::File(path) => Self::File(root.join(path)),
            env @ Self::Env(_) => env,
        }
    }

    /// Reads a value of one line. One final line break is not part of it, as editors and `echo` leave one.
    ///
    /// # Errors
    /// Missing, empty, not text, more than a line, too long, or a file that every user of the machine may read.
    pub fn read(&self) -> Result<SecretString, SecretFault> {
        let text = self.text()?;
        let value = text.as_str();
        let value = value.strip_suffix('\n').unwrap_or(value);
        let value = value.strip_suffix('\r').unwrap_or(value);
        if value.contains(['\n', '\r', '\0']) {
            return Err(self.fault(
                "config.secret_malformed",
                "holds more than one line",
                "keep the secret alone, on one line",
            ));
        }
        Ok(SecretString::from(value))
    }

    /// Reads a whole text, such as a key file.
    ///
    /// # Errors
    /// As [`read`](Self::read), but there may be several lines.
    pub fn read_text(&self) -> Result<SecretString, SecretFault> {
        self.text().map(SecretString::from)
    }

    fn text(&self) -> Result<String, SecretFault> {
        let text = match self {
            Self::Env(name) => read_env(name)?,
            Self::File(path) => read_file(path)?,
        };
        if text.trim().is_empty() {
            return Err(self.fault("config.secret_empty", "is empty", "put the secret there"));
        }
        Ok(text)
    }

    fn fault(&self, code: &'static str, what: &str, hint: &str) -> SecretFault {
        SecretFault { code, message: format!("{} {what}", self.subject()), hint: hint.to_owned() }
    }

    fn subject(&self) -> String {
        match self {
            Self::File(path) => format!("the secret file `{}`", path.display()),
            Self::Env(name) => format!("the environment variable `{name}`"),
        }
    }
}

fn read_env(name: &str) -> Result<String, SecretFault> {
    let secret = || Secret::Env(name.to_owned());
    match std::env::var(name) {
        Ok(value) => Ok(value),
        Err(std::env::VarError::NotPresent) => Err(secret().fault(
            "config.secret_missing",
            "is not set",
            "set it for the daemon, or use `${file:PATH}`",
        )),
        Err(std::env::VarError::NotUnicode(_)) => Err(secret().fault(
            "config.secret_malformed",
            "is not valid UTF-8",
            "write the secret as UTF-8 text",
        )),
    }
}

fn read_file(path: &Path) -> Result<String, SecretFault> {
    let secret = || Secret::File(path.to_owned());
    let unreadable = |cause: std::io::Error| {
        let what = format!("cannot be read: {}", cause.kind());
        secret().fault("config.secret_missing", &what, "create it, readable by the daemon only")
    };
    // Looked at before it is opened: opening a FIFO would wait for its writer.
    let seen = std::fs::metadata(path).map_err(unreadable)?;
    if !seen.is_file() {
        return Err(secret().fault("config.secret_missing", "is not a file", "name a plain file"));
    }
    if seen.mode() & 0o007 != 0 {
        let what = format!("may be used by every user (mode {:04o})", seen.mode() & 0o7777);
        return Err(secret().fault(
            "config.secret_exposed",
            &what,
            "take the rights of others away: `chmod o= FILE`",
        ));
    }
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).map_err(unreadable)?;
    file.take(LONGEST + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > LONGEST {
        return Err(secret().fault(
            "config.secret_malformed",
            "is longer than 64 KiB",
            "name the file that holds the secret alone",
        ));
    }
    String::from_utf8(bytes).map_err(|_| {
        secret().fault("config.secret_malformed", "is not valid UTF-8", "write it as UTF-8 text")
    })
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "${{file:{}}}", path.display()),
            Self::Env(name) => write!(f, "${{env:{name}}}"),
        }
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text)
            .ok_or_else(|| D::Error::custom("a secret must be `${file:PATH}` or `${env:NAME}`"))
    }
}

impl JsonSchema for Secret {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Secret".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "format": REFERENCE_FORMAT,
            "pattern": r"^\$\{(file:.+|env:[A-Za-z0-9_]+)\}$",
            "description": "`${file:PATH}` or `${env:NAME}`, never the secret itself.",
        })
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use secrecy::ExposeSecret;

    use super::*;

    fn file(content: &[u8], mode: u32) -> (tempfile::TempDir, Secret) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("secret");
        std::fs::write(&path, content).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        (dir, Secret::File(path))
    }

    #[test]
    fn only_the_two_written_forms_are_references() {
        assert_eq!(Secret::parse("${env:KAFKA_PW}"), Some(Secret::Env("KAFKA_PW".into())));
        assert_eq!(Secret::parse("${file:a b}"), Some(Secret::File("a b".into())));
        for text in
            ["hunter2", "$KAFKA_PW", "${KAFKA_PW}", "${env:}", "${file:}", "${env:a-b}", "${env:A"]
        {
            assert_eq!(Secret::parse(text), None, "{text}");
        }
    }

    #[test]
    fn bad_input_69_one_final_line_break_is_not_part_of_a_secret() {
        for content in [&b"hunter2"[..], b"hunter2\n", b"hunter2\r\n"] {
            let (_dir, secret) = file(content, 0o600);
            assert_eq!(secret.read().unwrap().expose_secret(), "hunter2");
        }
    }

    #[test]
    fn bad_input_69_a_secret_that_is_missing_empty_malformed_or_exposed_is_refused_without_showing_it()
     {
        let code = |content: &[u8], mode| {
            let (_dir, secret) = file(content, mode);
            let fault = secret.read().unwrap_err();
            assert!(!fault.message.contains("hunter2") && !fault.hint.contains("hunter2"));
            assert!(fault.message.contains("secret"), "the reference is named: {}", fault.message);
            fault.code
        };
        assert_eq!(code(b"hunter2", 0o604), "config.secret_exposed");
        assert_eq!(code(b"hunter2", 0o602), "config.secret_exposed");
        assert_eq!(code(b" \n", 0o600), "config.secret_empty");
        assert_eq!(code(b"hunter2\nhunter2\n", 0o600), "config.secret_malformed");
        assert_eq!(code(b"hunter2\xff", 0o600), "config.secret_malformed");
        assert_eq!(code(&vec![b'x'; 70_000], 0o600), "config.secret_malformed");
        let missing = Secret::Env("ACEQUIA_TEST_SURELY_NOT_SET".into()).read().unwrap_err();
        assert_eq!(missing.code, "config.secret_missing");
        assert!(missing.message.contains("ACEQUIA_TEST_SURELY_NOT_SET"));
    }
}
