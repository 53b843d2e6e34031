//! Time as the connector sees it, so that tests can make it pass.

use std::{
    sync::{OnceLock, mpsc},
    time::{Duration, Instant},
};

use jiff::Timestamp;

/// Where the connector reads the time and how it waits.
pub trait Clock: Send + Sync + 'static {
    /// The wall clock, for arrivals that are expected at a time of day.
    fn now(&self) -> Timestamp;

    /// Time since a fixed moment, never going back: settling and ages are measured with it, so that neither a
    /// corrected clock here nor a wrong one on the file server makes a file look old.
    fn elapsed(&self) -> Duration;

    /// Waits until `hint` says that something happened, at most so long. Gives whether it did.
    fn pause(&self, hint: &mpsc::Receiver<()>, at_most: Duration) -> bool {
        hint.recv_timeout(at_most).is_ok()
    }
}

/// The clock of the machine.
#[derive(Debug, Default, Clone, Copy)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn elapsed(&self) -> Duration {
        static START: OnceLock<Instant> = OnceLock::new();
        START.get_or_init(Instant::now).elapsed()
    }
}
