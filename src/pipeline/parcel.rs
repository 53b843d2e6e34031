//! What travels from a split to the committer and comes back empty.

use std::sync::Arc;

use acequia_api::{BatchLimits, Position, RecordBatch};
use tokio::sync::mpsc;

use crate::{
    checkpoint::{Counts, Lineage, Routing},
    event::EventBatch,
};

/// A batch of records and what the mappings made of it. A split owns a few of them; they circulate, so that at
/// steady state nothing is allocated.
#[derive(Debug)]
pub struct Parcel {
    /// The split that it belongs to.
    pub split: Arc<str>,
    /// The records, as the reader filled them.
    pub records: RecordBatch,
    /// Their events and rejects.
    pub events: EventBatch,
    /// Where the split stood before the first record.
    pub from: Option<Position>,
    /// With what they were read and mapped.
    pub lineage: Lineage,
    /// What became of them.
    pub counts: Counts,
    /// How many of its rows are rejected because Kafka refused them before.
    pub put_aside: u64,
    /// Which mappings took them.
    pub routing: Routing,
    home: mpsc::Sender<Box<Parcel>>,
}

/// Parcels in circulation per split: one being filled, one under way, one being sent.
pub const IN_CIRCULATION: usize = 3;

/// The parcels of one split, all at home.
pub fn circulation(split: &Arc<str>, limits: BatchLimits) -> mpsc::Receiver<Box<Parcel>> {
    let (home, receiver) = mpsc::channel(IN_CIRCULATION);
    for _ in 0..IN_CIRCULATION {
        let parcel = Parcel {
            split: Arc::clone(split),
            records: RecordBatch::new(limits),
            events: EventBatch::default(),
            from: None,
            lineage: Lineage::default(),
            counts: Counts::default(),
            put_aside: 0,
            routing: Routing::default(),
            home: home.clone(),
        };
        // The channel has room for every parcel there is.
        let _ = home.try_send(Box::new(parcel));
    }
    receiver
}

impl Parcel {
    /// Empties it and sends it back to its split; if the split is gone, so is the parcel.
    pub fn return_home(mut self: Box<Self>) {
        self.records.clear();
        self.events.clear();
        self.from = None;
        self.counts = Counts::default();
        self.put_aside = 0;
        self.routing.clear();
        let home = self.home.clone();
        let _ = home.try_send(self);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checkpoint::Taken;

    #[test]
    fn a_parcel_comes_home_empty_and_with_its_memory() {
        let mut empties = circulation(&"s".into(), BatchLimits::default());
        let mut home = || empties.try_recv().unwrap();
        let (mut parcel, others) = (home(), [home(), home()]);
        let mut counted = Routing::new(std::iter::once("m".into()));
        counted.count(&[Taken::Published]);
        parcel.routing.take(&mut counted);
        let memory = parcel.routing.mappings.as_ptr();
        parcel.return_home();
        let parcel = home();
        assert_eq!((&parcel.routing, parcel.routing.mappings.as_ptr()), (&counted, memory));
        drop(others);
    }
}
