use std::{os::unix::fs::PermissionsExt, path::PathBuf, time::Duration};

use acequia_api::CancellationToken;
use hyper::Method;
use jiff::Timestamp;
use serde_json::Value as Json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::{mpsc, watch},
    task::JoinHandle,
};

use super::{
    client::{ClientError, ask},
    *,
};
use crate::{
    pipeline::failure::Failure,
    supervisor::{Changes, Fleet},
};

struct Running {
    socket: PathBuf,
    http: std::net::SocketAddr,
    reload: mpsc::Receiver<ReloadRequest>,
    stop: CancellationToken,
    tasks: Vec<JoinHandle<std::io::Result<()>>>,
    _dir: tempfile::TempDir,
}

async fn running() -> Running {
    let dir = tempfile::tempdir().unwrap();
    let socket = dir.path().join("admin.sock");
    let (sender, reload) = mpsc::channel(1);
    let admin = Admin {
        deployment: "town".into(),
        started: Timestamp::now(),
        fleet: Fleet::default(),
        patience: Duration::from_secs(60),
        reload: sender,
        last_reload: watch::channel(None).1,
    };
    let stop = CancellationToken::new();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let http = listener.local_addr().unwrap();
    let control = control_socket(&socket).unwrap();
    let names = ["acequia.example".to_owned()];
    let open = {
        let (admin, stop) = (admin.clone(), stop.clone());
        tokio::spawn(async move { serve_http(listener, &names, admin, stop).await })
    };
    let control = tokio::spawn(serve_control(control, admin, stop.clone()));
    Running { socket, http, reload, stop, tasks: vec![open, control], _dir: dir }
}

async fn http(running: &Running, request: &str, host: &str) -> String {
    let mut stream = TcpStream::connect(running.http).await.unwrap();
    let request = format!("{request} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn what_may_be_read_is_served_and_control_is_not_on_http() {
    let running = running().await;
    for path in ["/livez", "/readyz", "/metrics", "/status"] {
        let answer = http(&running, &format!("GET {path}"), "localhost").await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{path}: {answer}");
    }
    let metrics = http(&running, "GET /metrics", "acequia.example").await;
    assert!(
        metrics.contains("acequia_build{version=") && metrics.ends_with("# EOF\n"),
        "{metrics}"
    );
    for path in ["/reload", "/pipelines/a/pause"] {
        let answer = http(&running, &format!("POST {path}"), "localhost").await;
        assert!(answer.starts_with("HTTP/1.1 404"), "{path}: {answer}");
    }
}

#[tokio::test]
async fn a_request_under_a_foreign_name_is_refused() {
    let running = running().await;
    let answer = http(&running, "GET /status", "evil.example").await;
    assert!(answer.starts_with("HTTP/1.1 421"), "{answer}");
}

#[tokio::test]
async fn the_control_socket_is_private_answers_and_names_what_is_unknown() {
    let running = running().await;
    let mode = std::fs::metadata(&running.socket).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o660);
    let status = ask(&running.socket, Method::GET, "/status").await.unwrap();
    assert_eq!((&status["deployment"], &status["ready"]), (&Json::from("town"), &Json::from(true)));
    match ask(&running.socket, Method::POST, "/pipelines/permits/pause").await {
        Err(ClientError::Refused(refusal)) => assert_eq!(refusal.code, "admin.unknown_pipeline"),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_reload_tells_what_changed_or_why_nothing_did() {
    let mut running = running().await;
    let socket = running.socket.clone();
    let asked = tokio::spawn(async move {
        let first = ask(&socket, Method::POST, "/reload").await;
        (first, ask(&socket, Method::POST, "/reload").await)
    });
    let changes = Changes { started: vec!["permits".into()], ..Changes::default() };
    running.reload.recv().await.unwrap().answer.send(Ok(changes)).unwrap();
    let failure = Failure::new(acequia_api::ErrorClass::Operator, "run.findings", "2 errors");
    running.reload.recv().await.unwrap().answer.send(Err(failure)).unwrap();
    let (first, second) = asked.await.unwrap();
    assert_eq!(first.unwrap()["started"], serde_json::json!(["permits"]));
    match second {
        Err(ClientError::Refused(refusal)) => assert_eq!(refusal.code, "run.findings"),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_dead_socket_is_replaced_and_a_living_one_is_not() {
    let running = running().await;
    let taken = control_socket(&running.socket).unwrap_err();
    assert_eq!(taken.kind(), std::io::ErrorKind::AddrInUse);
    running.stop.cancel();
    for task in running.tasks {
        task.await.unwrap().unwrap();
    }
    assert!(running.socket.exists(), "a dead daemon leaves its socket behind");
    match ask(&running.socket, Method::GET, "/status").await {
        Err(ClientError::NotRunning(_)) => {}
        other => panic!("{other:?}"),
    }
    control_socket(&running.socket).unwrap();
}
