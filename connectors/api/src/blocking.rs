//! A reader on its own named thread, for drivers and files that block.
//!
//! Two batches are in play: while the engine maps and publishes one, the thread fills the other. They change
//! hands through two bounded channels, so neither side allocates at steady state and the thread is never more
//! than two batches ahead. After an idle answer it waits to be asked again, so that what the engine hears is
//! never a stale picture. Dropping the reader makes the next hand-over fail, and the thread ends.

use std::thread;

use tokio::sync::mpsc;

use crate::{BatchLimits, BoxFuture, Fetched, Reader, RecordBatch, SourceError};

/// The blocking twin of [`Reader`]: called on one thread, in order, never concurrently.
pub trait BlockingReader: Send + 'static {
    /// As [`Reader::fetch`], blocking. It should come back within a second or so when nothing is there
    /// ([`Fetched::Idle`]), so that a dropped reader is noticed.
    ///
    /// # Errors
    /// As [`Reader::fetch`].
    fn fetch(&mut self, batch: &mut RecordBatch) -> Result<Fetched, SourceError>;
}

/// Moves `reader` to a thread called `name` and gives the engine's side of it.
///
/// # Errors
/// `Transient` when the operating system refuses another thread.
pub fn reader(
    name: &str,
    limits: BatchLimits,
    reader: impl BlockingReader,
) -> Result<Box<dyn Reader>, SourceError> {
    let (filled_tx, filled) = mpsc::channel(1);
    let (empty, empty_rx) = mpsc::channel(2);
    let (wake, wake_rx) = mpsc::channel(1);
    for _ in 0..2 {
        let batch = RecordBatch::new(limits);
        empty
            .try_send(batch)
            .map_err(|_| SourceError::bug("api.blocking", "a new channel is full"))?;
    }
    thread::Builder::new()
        .name(name.to_owned())
        .spawn(move || run(reader, empty_rx, wake_rx, &filled_tx))
        .map_err(|cause| {
            SourceError::transient("api.thread", "a reader thread could not be started")
                .because(cause)
        })?;
    Ok(Box::new(Handle { filled, empty, wake, idle: false }))
}

type Hand = Result<(Fetched, RecordBatch), SourceError>;

fn run(
    mut reader: impl BlockingReader,
    mut empty: mpsc::Receiver<RecordBatch>,
    mut wake: mpsc::Receiver<()>,
    filled: &mpsc::Sender<Hand>,
) {
    while let Some(mut batch) = empty.blocking_recv() {
        batch.clear();
        let fetched = reader.fetch(&mut batch);
        let idle = matches!(fetched, Ok(Fetched::Idle { .. }));
        let last = !idle && !matches!(fetched, Ok(Fetched::Batch));
        let handed = filled.blocking_send(fetched.map(|fetched| (fetched, batch)));
        if handed.is_err() || last || (idle && wake.blocking_recv().is_none()) {
            return;
        }
    }
}

struct Handle {
    filled: mpsc::Receiver<Hand>,
    empty: mpsc::Sender<RecordBatch>,
    wake: mpsc::Sender<()>,
    idle: bool,
}

impl Reader for Handle {
    fn fetch<'a>(
        &'a mut self,
        batch: &'a mut RecordBatch,
    ) -> BoxFuture<'a, Result<Fetched, SourceError>> {
        Box::pin(async move {
            if std::mem::take(&mut self.idle) {
                // A full channel means that the thread has been told already.
                let _ = self.wake.try_send(());
            }
            let Some(hand) = self.filled.recv().await else {
                return Err(SourceError::bug(
                    "api.blocking",
                    "the reader thread ended without a word",
                ));
            };
            let (fetched, mut full) = hand?;
            if fetched == Fetched::Batch {
                std::mem::swap(batch, &mut full);
            }
            self.idle = matches!(fetched, Fetched::Idle { .. });
            // The thread is gone after `End`; there is nobody left to fill the batch.
            let _ = self.empty.send(full).await;
            Ok(fetched)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Column, Place, Position, RowMeta, Schema, Unit};
    use std::sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    };

    struct Counting {
        next: u64,
        end: u64,
        fetched: Arc<AtomicU64>,
    }

    impl BlockingReader for Counting {
        fn fetch(&mut self, batch: &mut RecordBatch) -> Result<Fetched, SourceError> {
            if self.next == self.end {
                return Ok(Fetched::End);
            }
            assert!(batch.is_empty(), "a lent batch is empty");
            batch.set_schema(&Schema::new(vec![Column::text("n")]));
            let unit = batch.unit(&Arc::new(Unit { id: "u".into(), name: "u".into() }));
            let mut row = batch.row();
            row.text(&self.next.to_string()).unwrap();
            row.commit(RowMeta::ordinal(unit, self.next, Place::default()));
            self.next += 1;
            batch.finish(Position::encode(1, &self.next)?);
            self.fetched.fetch_add(1, Ordering::SeqCst);
            Ok(Fetched::Batch)
        }
    }

    #[tokio::test]
    async fn batches_arrive_in_order_and_the_end_is_reported() {
        let fetched = Arc::new(AtomicU64::new(0));
        let limits = BatchLimits::default();
        let mut reader = reader("test", limits, Counting { next: 0, end: 50, fetched }).unwrap();
        let mut batch = RecordBatch::new(limits);
        for n in 1..=50_u64 {
            batch.clear();
            assert_eq!(reader.fetch(&mut batch).await.unwrap(), Fetched::Batch);
            assert_eq!(batch.resume().unwrap().decode::<u64>().unwrap(), n);
        }
        batch.clear();
        assert_eq!(reader.fetch(&mut batch).await.unwrap(), Fetched::End);
    }

    #[tokio::test]
    async fn a_reader_that_is_not_asked_stays_two_batches_ahead_at_most() {
        let fetched = Arc::new(AtomicU64::new(0));
        let limits = BatchLimits::default();
        let counter = Arc::clone(&fetched);
        let mut reader = reader("test", limits, Counting { next: 0, end: 1_000, fetched }).unwrap();
        let mut batch = RecordBatch::new(limits);
        for asked in 1..=20 {
            batch.clear();
            reader.fetch(&mut batch).await.unwrap();
            assert!(counter.load(Ordering::SeqCst) <= asked + 2);
        }
    }
}
