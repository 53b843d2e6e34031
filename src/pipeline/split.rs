//! Reads and maps one split, batch after batch, as fast as the committer takes them.

use acequia_api::{Fetched, Position, Reader};
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use super::{committer::Order, parcel::Parcel, report::Report, stage::Stage, status::Activity};

/// The ends of the channels that a split task holds.
#[derive(Debug)]
pub struct Ports {
    /// To the committer.
    pub orders: mpsc::Sender<Order>,
    /// Empty parcels.
    pub empties: mpsc::Receiver<Box<Parcel>>,
    /// Whether the pipeline rests: then a batch is only a sign of work, to be read again.
    pub resting: watch::Receiver<bool>,
    /// Stop fetching.
    pub stop: CancellationToken,
}

/// Runs until the split ends, fails, finds work while the pipeline rests, or is stopped (`None`).
///
/// Cancellation-safe: dropping the future loses only what was not committed, which the next life reads again.
pub async fn run(
    mut reader: Box<dyn Reader>,
    mut stage: Stage,
    mut at: Option<Position>,
    mut ports: Ports,
    activity: Activity,
) -> Option<Report> {
    loop {
        let mut parcel = tokio::select! {
            biased;
            () = ports.stop.cancelled() => return None,
            parcel = ports.empties.recv() => parcel?,
        };
        let fetched = tokio::select! {
            biased;
            () = ports.stop.cancelled() => return None,
            fetched = reader.fetch(&mut parcel.records) => fetched,
        };
        match fetched {
            Err(error) => return Some(Report::Failed(error.into())),
            Ok(Fetched::End) => return Some(Report::Ended),
            Ok(Fetched::Idle { retry_in }) => {
                parcel.return_home();
                activity.idle();
                tokio::select! {
                    () = ports.stop.cancelled() => return None,
                    () = tokio::time::sleep(retry_in) => {}
                }
            }
            Ok(Fetched::Batch) => {
                if *ports.resting.borrow() {
                    return Some(Report::Work);
                }
                activity.busy();
                parcel.from.clone_from(&at);
                if let Err(failure) = stage.run(&mut parcel) {
                    return Some(Report::Failed(failure));
                }
                if let Some(resume) = parcel.records.resume() {
                    at = Some(resume.clone());
                }
                let sent = tokio::select! {
                    biased;
                    () = ports.stop.cancelled() => return None,
                    sent = ports.orders.send(Order::Parcel(parcel)) => sent,
                };
                if sent.is_err() {
                    // The committer is gone: it has reported why, or the pipeline has just begun to rest.
                    return Some(Report::Work);
                }
            }
        }
    }
}
