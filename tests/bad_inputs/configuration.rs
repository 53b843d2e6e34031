//! A configuration that cannot mean what it says, and secrets that are none.

use std::{fs, os::unix::fs::PermissionsExt, process::Output};

use crate::support::site::Site;

const VALUE: &str = "hunter2";

/// A deployment whose password is `reference`; the broker is never asked.
fn with_password(reference: &str) -> Site {
    let kafka = format!(
        "{{ bootstrap: \"127.0.0.1:9092\", security: {{ insecure_reason: a test, sasl: \
         {{ mechanism: plain, user: town, password: \"{reference}\" }} }} }}"
    );
    Site::new(&kafka, "town")
}

/// All that was printed, of which nothing is the value of a secret.
fn printed(output: &Output) -> String {
    let all = [&output.stdout[..], &output.stderr].concat();
    let all = String::from_utf8(all).unwrap();
    assert!(!all.contains(VALUE), "{all}");
    all
}

fn assert_refused(output: &Output, parts: &[&str]) {
    let all = printed(output);
    assert!(!output.status.success(), "{all}");
    for part in parts {
        assert!(all.contains(part), "`{part}` is not in:\n{all}");
    }
}

#[test]
fn bad_input_68_what_yaml_readers_guess_about_is_refused_with_its_line() {
    let site = Site::new("{ embedded: true }", "town");
    let good = fs::read_to_string(site.config()).unwrap();
    assert!(site.run(&["check"]).status.success());
    for (more, code) in [
        ("state: other\n", "yaml.duplicate_key"),
        ("keys:\n\tstate: x\n", "yaml.syntax"),
        ("keys: &a { state: x }\n", "yaml.unsupported"),
        ("keys: &a\n  <<: *a\n", "yaml.unsupported"),
        ("keys: !!map {}\n", "yaml.unsupported"),
    ] {
        site.write("acequia.yaml", format!("{good}{more}").as_bytes());
        assert_refused(&site.run(&["check"]), &[code, "acequia.yaml:"]);
    }
    let pipeline = fs::read_to_string(site.path().join("pipelines/licences.yaml")).unwrap();
    site.write("acequia.yaml", good.as_bytes());
    let no = pipeline.replace("tombstones: false", "tombstones: no");
    site.write("pipelines/licences.yaml", no.as_bytes());
    assert_refused(&site.run(&["check"]), &["pipelines/licences.yaml:", "tombstones"]);
}

#[test]
fn bad_input_69_a_secret_of_the_environment_is_named_and_never_shown() {
    let site = with_password("${env:ACEQUIA_TEST_PASSWORD}");
    let check = |value: Option<&str>| {
        let mut command = site.acequia();
        command.arg("check").env_remove("ACEQUIA_TEST_PASSWORD");
        if let Some(value) = value {
            command.env("ACEQUIA_TEST_PASSWORD", value);
        }
        command.output().unwrap()
    };
    for (value, code) in [
        (None, "config.secret_missing"),
        (Some(""), "config.secret_empty"),
        (Some(" \n"), "config.secret_empty"),
        (Some("hunter2\nhunter2"), "config.secret_malformed"),
        (Some("hunter2\n\n"), "config.secret_malformed"),
    ] {
        assert_refused(&check(value), &[code, "ACEQUIA_TEST_PASSWORD", "acequia.yaml:"]);
    }
    for value in ["hunter2", "hunter2\n"] {
        let output = check(Some(value));
        assert!(output.status.success(), "{}", printed(&output));
        printed(&output);
    }
}

#[test]
fn bad_input_69_a_secret_file_that_others_may_read_is_refused_unread() {
    let site = with_password("${file:password}");
    let path = site.path().join("password");
    assert_refused(&site.run(&["check"]), &["config.secret_missing"]);
    site.write("password", format!("{VALUE}\n").as_bytes());
    for (mode, accepted) in [(0o644, false), (0o604, false), (0o640, true), (0o600, true)] {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        let output = site.run(&["check"]);
        if accepted {
            assert!(output.status.success(), "{mode:o}: {}", printed(&output));
        } else {
            assert_refused(&output, &["config.secret_exposed", "password"]);
        }
    }
}
