use std::{
    fs,
    io::Write as _,
    os::unix::fs::PermissionsExt as _,
    process::{Output, Stdio},
    thread,
};

use acequia::event::{KeyRing, Keys};

use crate::support::site::Site;

const NIF: &str = "12345678Z";
const FIELD: &str = "payer";

/// A deployment that makes pseudonyms and encrypts; `keys` is what stands in `acequia.yaml` about that.
fn site(keys: &str) -> Site {
    let site = Site::new("{ embedded: true }", "identity");
    let text = fs::read_to_string(site.config()).unwrap();
    site.write("acequia.yaml", format!("{text}{keys}").as_bytes());
    site.write(
        "mappings/models/resident.yaml",
        b"model: resident\nversion: 1\ntitle: A resident\nfields:\n  \
          person: { type: text, required: true, class: personal, title: Pseudonym }\n  \
          payer: { type: text, class: personal, title: Account }\n",
    );
    site.write(
        "mappings/residents.yaml",
        b"mapping: residents\ntitle: Residents\nto: resident/1\nfrom:\n  NIF: text\n  CUENTA: text\nkey: person\n\
          fields:\n  person: { from: NIF, case: upper, protect: { pseudonym: citizen } }\n  \
          payer: { from: CUENTA, protect: { encrypt: accounts } }\n",
    );
    site
}

/// The same with keys, which are in the key files.
fn with_keys() -> (Site, Keys) {
    let site = site(
        "keys:\n  pseudonym: \"${file:keys/pseudonym}\"\n  encryption: { accounts: \"${file:keys/accounts}\" }\n",
    );
    let ring = |name: &str| {
        let path = format!("keys/{name}");
        let text = KeyRing::generate("k1");
        site.write(&path, text.as_bytes());
        fs::set_permissions(site.path().join(&path), fs::Permissions::from_mode(0o600)).unwrap();
        KeyRing::parse(&text).unwrap()
    };
    let (pseudonym, accounts) = (ring("pseudonym"), ring("accounts"));
    let keys = Keys::none().with_pseudonym(pseudonym).with_encryption("accounts", accounts);
    (site, keys)
}

/// Runs a verb with this on its standard input, which may be more than a pipe holds.
fn given(site: &Site, arguments: &[&str], input: &str) -> Output {
    let mut command = site.acequia();
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut standard = child.stdin.take().unwrap();
    thread::scope(|scope| {
        // A verb that refuses reads nothing.
        scope.spawn(move || drop(standard.write_all(input.as_bytes())));
        child.wait_with_output().unwrap()
    })
}

fn said(output: &Output) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (text(&output.stdout), text(&output.stderr))
}

#[test]
fn without_keys_nobody_is_answered_and_nothing_is_repeated() {
    let site = site("");
    for arguments in [&["pseudonym", "citizen"][..], &["decrypt", FIELD]] {
        let output = given(&site, arguments, &format!("{NIF}\n"));
        let (shown, why) = said(&output);
        assert!(!output.status.success(), "{arguments:?}: {shown}");
        assert_eq!(shown, "", "{arguments:?}");
        assert!(why.contains("key"), "{arguments:?}: {why}");
        assert!(!why.contains(NIF), "{arguments:?}: {why}");
    }
}

#[test]
fn what_stands_in_the_wrong_place_is_not_repeated() {
    let (site, _) = with_keys();
    for (verb, known) in [("pseudonym", "there are: citizen"), ("decrypt", "there are: payer")] {
        let output = given(&site, &[verb, NIF], "");
        let (shown, why) = said(&output);
        assert_eq!((output.status.code(), &*shown), (Some(2), ""), "{why}");
        assert!(why.contains(known) && !why.contains(NIF), "{why}");
    }
    let output = given(&site, &["decrypt", NIF, "--key", "accounts"], "e1.x\n");
    let (shown, why) = said(&output);
    assert!(!shown.contains(NIF) && !why.contains(NIF), "{shown}{why}");
}

#[test]
fn a_pseudonym_is_the_one_that_events_carry() {
    let (site, keys) = with_keys();
    let mut carried = String::new();
    keys.pseudonym("citizen", NIF, &mut carried);
    let output = given(&site, &["pseudonym", "citizen"], &format!("{NIF}\n"));
    let (shown, why) = said(&output);
    assert!(output.status.success(), "{why}");
    assert!(shown.contains(&carried), "{carried} in {shown}");
    let two = given(&site, &["pseudonym", "citizen"], "12345678Z\n87654321X\n");
    assert_eq!((two.status.code(), said(&two).0), (Some(3), String::new()));
}

#[test]
fn every_value_is_decrypted_in_its_order_however_many_there_are() {
    const VALUES: usize = 30_000;
    let (site, keys) = with_keys();
    let mut input = String::new();
    let mut expected = String::new();
    for at in 0..VALUES {
        let value = format!("account {at}");
        keys.encrypt("accounts", FIELD, &value, &mut input);
        input.push('\n');
        expected += &format!("{value}\n");
    }
    assert!(input.len() > 2 << 20, "{}", input.len());
    let output = given(&site, &["decrypt", FIELD], &input);
    let (shown, why) = said(&output);
    assert!(output.status.success(), "{why}");
    assert!(shown == expected, "{} of {VALUES} lines", shown.lines().count());
}

#[test]
fn a_line_that_no_key_opens_is_named_by_its_number() {
    let (site, keys) = with_keys();
    let mut value = String::new();
    keys.encrypt("accounts", FIELD, "ES91", &mut value);
    let output = given(&site, &["decrypt", FIELD], &format!("{value}\n\n{NIF}\n{value}\n"));
    let (shown, why) = said(&output);
    assert_eq!(output.status.code(), Some(1), "{why}");
    let lines: Vec<&str> = shown.lines().collect();
    assert_eq!((lines.len(), lines[0], lines[2]), (3, "ES91", "ES91"), "{shown}");
    assert!(lines[1].contains("line 3 ") && !shown.contains(NIF), "{shown}");
}
