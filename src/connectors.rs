//! The registry: one line per connector, sorted. Nothing registers itself.

use acequia_api::AnyConnector;

/// The kinds of legacy system that this build knows.
#[derive(Clone, Copy)]
pub struct Registry(&'static [&'static dyn AnyConnector]);

/// One line each.
static ALL: &[&dyn AnyConnector] = &[&acequia_files::Files::new()];

/// Every connector.
pub fn registry() -> Registry {
    Registry(ALL)
}

impl Registry {
    /// A registry of these, for tests.
    pub fn of(connectors: &'static [&'static dyn AnyConnector]) -> Self {
        Self(connectors)
    }

    /// The connectors, sorted by kind.
    pub fn iter(self) -> impl Iterator<Item = &'static dyn AnyConnector> {
        self.0.iter().copied()
    }

    /// The connector of this kind.
    pub fn find(self, kind: &str) -> Option<&'static dyn AnyConnector> {
        self.iter().find(|connector| connector.kind() == kind)
    }
}

impl std::fmt::Debug for Registry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.iter().map(AnyConnector::kind)).finish()
    }
}
