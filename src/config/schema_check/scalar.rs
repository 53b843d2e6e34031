//! Single values: allowed words, ranges, patterns and formats.

use regex::Regex;
use serde_json::Value as Json;

use super::{At, Mark, MarkKind, Walk, quoted, shape::Shape};
use crate::{
    config::secret::Secret,
    diagnostic::{Diagnostic, suggest},
    yaml::Node,
};

/// Why a text does not have the form that its `format` asks for.
struct FormatFault {
    code: &'static str,
    message: String,
    help: Option<String>,
}

impl<'s> Walk<'_, 's> {
    pub(super) fn scalar(&mut self, node: &Node, shape: &Shape<'s>, at: &At<'_>) {
        let text = node.as_text().unwrap_or_default();
        if let Some(kind) = shape.secret_kind() {
            return self.secret(node, text, kind, at);
        }
        if text.contains("${file:") || text.contains("${env:") {
            let message =
                format!("{} is no secret, and nothing replaces references in it", at.subject());
            let found =
                Diagnostic::error("config.secret_misplaced", self.file, node.span.clone(), message)
                    .help("write the value itself");
            self.found.diagnostics.push(found);
            return;
        }
        let allowed = shape.allowed();
        if !allowed.is_empty() && !allowed.contains(&&node.to_json()) {
            let words: Vec<String> = allowed.iter().map(|value| plain(value)).collect();
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            return self.unknown_value(node, text, &words, at);
        }
        self.range(node, text, shape, at);
        self.pattern(node, text, shape, at);
        match shape.string("format") {
            Some("path") => self.mark(MarkKind::Path, node, at),
            Some(format) => self.format(node, text, format, at),
            None => {}
        }
    }

    fn secret(&mut self, node: &Node, text: &str, kind: MarkKind, at: &At<'_>) {
        if Secret::parse(text).is_some() {
            return self.mark(kind, node, at);
        }
        self.found.masked.push(node.span.clone());
        let message = format!("{} must be a reference to a secret", at.subject());
        let found = Diagnostic::error("config.secret_inline", self.file, node.span.clone(), message)
            .label("not shown")
            .note("such a field never holds the secret itself, so that a configuration can be shown to anyone")
            .help("put it into a file that only the daemon may read and write `${file:/path}`, or `${env:NAME}`");
        self.found.diagnostics.push(found);
    }

    fn mark(&mut self, kind: MarkKind, node: &Node, at: &At<'_>) {
        self.found.marks.push(Mark { kind, pointer: at.pointer(), span: node.span.clone() });
    }

    /// A word that is not one of the allowed.
    pub(super) fn unknown_value(&mut self, node: &Node, text: &str, words: &[&str], at: &At<'_>) {
        let code = match at.name().as_deref() {
            Some("source.connector") => "config.unknown_connector",
            _ => "config.unknown_value",
        };
        let message = format!("{} cannot be `{text}`", at.subject());
        let found = Diagnostic::error(code, self.file, node.span.clone(), message)
            .note(format!("allowed: {}", quoted(words.iter().copied())));
        self.found.diagnostics.push(match suggest(text, words.iter().copied()) {
            Some(close) => found.help(format!("did you mean `{close}`?")),
            None => found,
        });
    }

    fn range(&mut self, node: &Node, text: &str, shape: &Shape<'s>, at: &At<'_>) {
        let number = node.to_json().as_f64();
        let length = text.chars().count() as f64;
        let limit = |keyword, value: Option<f64>, broken: fn(f64, f64) -> bool| {
            shape.number(keyword).filter(|limit| value.is_some_and(|value| broken(value, *limit)))
        };
        let what = if let Some(least) = limit("minimum", number, |value, least| value < least) {
            format!("at least {least}")
        } else if let Some(most) = limit("maximum", number, |value, most| value > most) {
            format!("at most {most}")
        } else if let Some(least) = limit("minLength", Some(length), |value, least| value < least) {
            format!("at least {least} characters long")
        } else if let Some(most) = limit("maxLength", Some(length), |value, most| value > most) {
            format!("at most {most} characters long")
        } else {
            return;
        };
        let message = format!("{} must be {what}", at.subject());
        self.report("config.out_of_range", node.span.clone(), message);
    }

    fn pattern(&mut self, node: &Node, text: &str, shape: &Shape<'s>, at: &At<'_>) {
        let Some(pattern) = shape.string("pattern") else { return };
        let compiled =
            self.schema.patterns.entry(pattern).or_insert_with(|| Regex::new(pattern).ok());
        if compiled.as_ref().is_none_or(|regex| regex.is_match(text)) {
            return;
        }
        let message = format!("{} cannot be `{text}`", at.subject());
        let found = Diagnostic::error("config.bad_value", self.file, node.span.clone(), message)
            .note(format!("it must match `{pattern}`"));
        self.found.diagnostics.push(match shape.innermost_description() {
            Some(form) => found.help(form.to_lowercase().trim_end_matches('.').to_owned()),
            None => found,
        });
    }

    fn format(&mut self, node: &Node, text: &str, format: &str, at: &At<'_>) {
        if let Some(fault) = format_fault(format, text) {
            let message = format!("{}: {}", at.subject(), fault.message);
            let found = Diagnostic::error(fault.code, self.file, node.span.clone(), message);
            self.found.diagnostics.push(match fault.help {
                Some(help) => found.help(help),
                None => found,
            });
        }
    }
}

fn plain(value: &Json) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn format_fault(format: &str, text: &str) -> Option<FormatFault> {
    let bad = |message: &str, help: &str| {
        Some(FormatFault {
            code: "config.bad_value",
            message: message.to_owned(),
            help: Some(help.to_owned()),
        })
    };
    match format {
        "socket-address" if text.parse::<std::net::SocketAddr>().is_err() => {
            bad("not an address and a port", "write numbers: `127.0.0.1:8420` or `[::1]:8420`")
        }
        "date" if text.parse::<jiff::civil::Date>().is_err() => {
            bad("not a day of the calendar", "write `YYYY-MM-DD`")
        }
        "time-zone" if jiff::tz::TimeZone::get(text).is_err() => {
            let names: Vec<String> =
                jiff::tz::db().available().map(|name| name.as_str().to_owned()).collect();
            let close = suggest(text, names.iter().map(String::as_str));
            Some(FormatFault {
                code: "config.unknown_zone",
                message: format!("there is no time zone `{text}`"),
                help: Some(close.map_or_else(
                    || "zones have names such as `Europe/Madrid`".to_owned(),
                    |close| format!("did you mean `{close}`?"),
                )),
            })
        }
        _ => None,
    }
}
