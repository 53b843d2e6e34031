//! Which names a request may use for this daemon.

use std::{net::SocketAddr, sync::Arc};

use axum::{
    extract::{Request, State},
    http::{StatusCode, header::HOST},
    middleware::Next,
    response::{IntoResponse, Response},
};

/// The names that are known: the address itself, `localhost`, and those configured. With or without a port.
#[derive(Debug, Clone)]
pub(super) struct Hosts(Arc<[String]>);

impl Hosts {
    pub(super) fn new(listen: SocketAddr, configured: &[String]) -> Self {
        let own = match listen {
            SocketAddr::V4(address) => address.ip().to_string(),
            SocketAddr::V6(address) => format!("[{}]", address.ip()),
        };
        let known = [own, "localhost".to_owned()].into_iter();
        Self(known.chain(configured.iter().map(|name| name.to_lowercase())).collect())
    }

    fn knows(&self, host: &str) -> bool {
        let host = host.to_lowercase();
        let name = match host.rsplit_once(':') {
            Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
            _ => &host,
        };
        self.0.iter().any(|known| *known == name || *known == host)
    }
}

pub(super) async fn guard(State(hosts): State<Hosts>, request: Request, next: Next) -> Response {
    let host = request.headers().get(HOST).and_then(|value| value.to_str().ok());
    if host.is_some_and(|host| hosts.knows(host)) {
        return next.run(request).await;
    }
    let message = "this daemon does not answer under that name; see `http.hosts`\n";
    (StatusCode::MISDIRECTED_REQUEST, message).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_known_names_are_answered_with_or_without_a_port() {
        let hosts = Hosts::new("127.0.0.1:8420".parse().unwrap(), &["Acequia.example".to_owned()]);
        for host in [
            "127.0.0.1:8420",
            "127.0.0.1",
            "LOCALHOST:8420",
            "acequia.example",
            "acequia.example:443",
        ] {
            assert!(hosts.knows(host), "{host}");
        }
        for host in [
            "evil.example",
            "127.0.0.1.evil.example:8420",
            "",
            "localhost.evil.example",
            "[::1]:8420",
        ] {
            assert!(!hosts.knows(host), "{host}");
        }
        assert!(Hosts::new("[::1]:1".parse().unwrap(), &[]).knows("[::1]:1"));
    }
}
