//! What becomes of the answers of a registry, said by a script; a real one answers in `tests/formats`.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpListener,
    thread::JoinHandle,
};

use acequia_api::ErrorClass;

use super::*;

/// A server that gives these answers, one a request, and then ends; it tells the requests.
fn registry(answers: &'static [(u16, &'static str)]) -> (String, JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/base/", listener.local_addr().unwrap());
    let server = std::thread::spawn(move || {
        let answer = |(status, body): &(u16, &str)| {
            let (stream, _) = listener.accept().unwrap();
            let mut reader = BufReader::new(stream);
            let (mut request, mut length) = (String::new(), 0);
            loop {
                let mut line = String::new();
                reader.read_line(&mut line).unwrap();
                if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
                    length = value.trim().parse().unwrap();
                }
                if line.trim().is_empty() {
                    break;
                }
                request.push_str(&line);
            }
            let mut content = vec![0; length];
            reader.read_exact(&mut content).unwrap();
            request.push_str(std::str::from_utf8(&content).unwrap());
            write!(
                reader.get_mut(),
                "HTTP/1.1 {status} x\r\nlocation: /else\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
                body.len()
            )
            .unwrap();
            request
        };
        answers.iter().map(answer).collect()
    });
    (url, server)
}

fn schemas(url: &str, settings: Value) -> Schemas {
    let mut config = json!({ "url": url });
    config.as_object_mut().unwrap().extend(settings.as_object().unwrap().clone());
    let wanted = |subject: &str| WantedSchema {
        subject: subject.to_owned(),
        schema: r#"{"type":"record","name":"P","fields":[{"name":"a","type":"int"}]}"#.into(),
        model: "permit/1".to_owned(),
    };
    let wanted = vec![wanted("one-value"), wanted("two-value"), wanted("one-value")];
    Schemas::new(serde_json::from_value(config).unwrap(), wanted)
}

fn ids(schemas: &Schemas) -> Result<Vec<u32>, PublishError> {
    schemas.ids(&CancellationToken::new()).map(|ids| ids.to_vec())
}

const NO_SUBJECT: (u16, &str) = (404, r#"{"error_code":40401,"message":"no subject"}"#);
const NO_SCHEMA: (u16, &str) = (404, r#"{"error_code":40403,"message":"no schema"}"#);

#[test]
fn what_is_there_is_used_what_is_missing_is_added_and_nothing_is_asked_twice() {
    let (url, server) =
        registry(&[(200, r#"{"id":7}"#), NO_SUBJECT, (200, r#"{"id":4000000000}"#)]);
    let login = json!({ "login": { "basic": { "user": "me", "password": "it" } } });
    let schemas = schemas(&url, login);
    assert_eq!(ids(&schemas).unwrap(), [7, 4_000_000_000, 7]);
    let requests = server.join().unwrap();
    assert!(requests[0].starts_with("POST /base/subjects/one-value HTTP/1.1"), "{}", requests[0]);
    assert!(requests[0].to_lowercase().contains("authorization: basic "), "{}", requests[0]);
    assert!(requests[0].contains("bWU6aXQ="));
    assert!(requests[2].starts_with("POST /base/subjects/two-value/versions "));
    assert!(requests[2].ends_with(&body(&schemas.wanted[1]).to_string()));
    // The server is gone: later lives ask nobody.
    assert_eq!(ids(&schemas).unwrap(), [7, 4_000_000_000, 7]);
}

#[test]
fn a_failure_is_for_a_person_or_passes_and_says_which() {
    for (answers, class, code, said) in [
        (&[(503, "busy")][..], ErrorClass::Transient, "registry.unreachable", "status 503"),
        (&[(429, "")], ErrorClass::Transient, "registry.unreachable", "status 429"),
        (&[(401, "{}")], ErrorClass::Operator, "registry.denied", "wants to know who we are"),
        (&[(403, "{}")], ErrorClass::Operator, "registry.denied", "does not let us do this"),
        (&[(302, "")], ErrorClass::Operator, "registry.answer", "status 302"),
        (&[(404, "not found")], ErrorClass::Operator, "registry.answer", "status 404"),
        (&[(404, r#"{"error_code":404}"#)], ErrorClass::Operator, "registry.answer", "status 404"),
        (&[(200, "<html>")], ErrorClass::Operator, "registry.answer", "not JSON"),
        (&[(200, "{}")], ErrorClass::Operator, "registry.answer", "without an id"),
        (
            &[NO_SUBJECT, (422, r#"{"error_code":42205,"message":"READONLY\nmode"}"#)],
            ErrorClass::Operator,
            "registry.schema_refused",
            "READONLY mode",
        ),
    ] {
        let (url, server) = registry(answers);
        let error = ids(&schemas(&url, json!({}))).unwrap_err();
        assert_eq!((error.class(), error.code()), (class, code), "{error}");
        assert!(error.to_string().contains(said), "{error}");
        server.join().unwrap();
    }
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let error = ids(&schemas(&format!("http://{nobody}"), json!({}))).unwrap_err();
    assert_eq!((error.class(), error.code()), (ErrorClass::Transient, "registry.unreachable"));
    let error = ids(&schemas("https://localhost:1", json!({ "tls": { "ca": "/dev/null" } })));
    assert_eq!(error.unwrap_err().code(), "registry.tls");
}

#[test]
fn a_token_is_shown_and_never_told() {
    let (url, server) = registry(&[(401, "")]);
    let login = json!({ "login": { "bearer": { "token": "t0ken" } } });
    let error = ids(&schemas(&url, login)).unwrap_err();
    assert!(server.join().unwrap()[0].to_lowercase().contains("authorization: bearer t0ken"));
    let told = format!("{error} {error:?}");
    assert!(told.contains("does not accept") && !told.contains("t0ken"), "{told}");
}

#[test]
fn nothing_is_added_where_that_is_forbidden() {
    let (url, server) = registry(&[NO_SCHEMA, NO_SCHEMA]);
    let error = ids(&schemas(&url, json!({ "register": false }))).unwrap_err();
    assert_eq!((error.class(), error.code()), (ErrorClass::Operator, "registry.schema_missing"));
    assert!(error.advice().unwrap().contains("acequia schema avro permit/1"));
    server.join().unwrap();
}

#[test]
fn a_refusal_is_explained_by_every_version_that_the_rule_is_about() {
    const OLD: &str = r#"{"version":2,"schema":"{\"type\":\"record\",\"name\":\"P\",\"fields\":[{\"name\":\"a\",\"type\":\"string\"}]}"}"#;
    let (url, server) = registry(&[
        NO_SCHEMA,
        NO_SCHEMA,
        (409, r#"{"error_code":409,"message":"reader type INT"}"#),
        (200, r#"{"compatibilityLevel":"BACKWARD_TRANSITIVE"}"#),
        (200, "[1,2]"),
        (404, r#"{"error_code":40402,"message":"gone"}"#),
        (200, OLD),
    ]);
    let error = ids(&schemas(&url, json!({}))).unwrap_err();
    assert_eq!((error.class(), error.code()), (ErrorClass::Operator, "registry.incompatible"));
    let told = error.to_string();
    assert!(
        told.contains("rule BACKWARD_TRANSITIVE")
            && told.ends_with("`a` was string in version 2 and is int"),
        "{told}"
    );
    server.join().unwrap();
}

#[test]
fn a_check_tells_all_and_adds_nothing() {
    let (url, server) = registry(&[
        NO_SUBJECT,
        (404, r#"{"error_code":40402,"message":"no version"}"#),
        NO_SCHEMA,
        NO_SCHEMA,
        (200, r#"{"is_compatible":false,"messages":["x"]}"#),
        // The subject has no rule of its own; then the rule of all; then the version, which is not told.
        NO_SUBJECT,
        (200, r#"{"compatibilityLevel":"FULL"}"#),
        NO_SUBJECT,
        NO_SUBJECT,
        NO_SUBJECT,
    ]);
    let found = schemas(&url, json!({})).check().unwrap();
    let found: Vec<_> = found.iter().map(|found| (found.severity, found.code.as_str())).collect();
    assert_eq!(
        found,
        [
            (Severity::Note, "registry.schema_missing"),
            (Severity::Error, "registry.incompatible"),
            (Severity::Note, "registry.schema_missing"),
        ]
    );
    let requests = server.join().unwrap();
    assert!(requests.iter().all(|request| !request.contains("/versions HTTP")), "{requests:?}");
}

#[test]
fn a_schema_that_is_only_written_otherwise_is_the_same_and_one_with_another_meaning_is_not() {
    const SAME: &str = r#"{"id":5,"schema":"{ \"name\":\"P\", \"type\":\"record\", \"doc\":\"x\", \"fields\":[{\"type\":\"int\",\"name\":\"a\"}] }"}"#;
    const DATE: &str = r#"{"id":6,"schema":"{\"name\":\"P\",\"type\":\"record\",\"fields\":[{\"type\":{\"type\":\"int\",\"logicalType\":\"date\"},\"name\":\"a\"}]}"}"#;
    let (url, server) =
        registry(&[NO_SCHEMA, (200, SAME), NO_SCHEMA, (200, DATE), (200, r#"{"id":7}"#)]);
    assert_eq!(ids(&schemas(&url, json!({}))).unwrap(), [5, 7, 5]);
    let requests = server.join().unwrap();
    assert!(requests[1].starts_with("POST /base/subjects/one-value?normalize=true "));
}
