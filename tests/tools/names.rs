use std::process::Command;

#[test]
fn a_draft_is_named_after_anything_that_yaml_would_read_as_something_else() {
    let trial = tempfile::tempdir().unwrap();
    for (file, out, more) in [
        ("2023.csv", "2024", &[][..]),
        ("null.csv", "false", &[]),
        ("fees.csv", "1e3", &["--name", "true"]),
    ] {
        let path = trial.path().join(file);
        std::fs::write(&path, "ID;KIND\n1;a\n2;b\n3;a\n").unwrap();
        let out = trial.path().join(out);
        let acequia = || {
            let mut command = Command::new(env!("CARGO_BIN_EXE_acequia"));
            command.env("NO_COLOR", "1");
            command
        };
        let drafted = acequia().arg("draft").arg(&path).arg("--out").arg(&out).args(more).output();
        let drafted = drafted.unwrap();
        let said = String::from_utf8_lossy(&drafted.stderr).into_owned();
        assert!(drafted.status.success(), "{file}: {said}");
        let mut check = acequia();
        let checked = check.arg("--config").arg(out.join("acequia.yaml")).arg("check").output();
        let checked = checked.unwrap();
        let said = String::from_utf8_lossy(&checked.stdout).into_owned();
        assert!(checked.status.success(), "{file}: {said}");
        let name = more.last().copied().unwrap_or(file.trim_end_matches(".csv"));
        for (folder, key) in
            [("pipelines", "pipeline"), ("mappings", "mapping"), ("mappings/models", "model")]
        {
            let path = out.join(folder).join(format!("{name}.yaml"));
            let text = std::fs::read_to_string(path).unwrap();
            assert!(text.contains(&format!("\n{key}: \"{name}\"\n")), "{text}");
        }
    }
}
