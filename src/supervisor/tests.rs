use std::sync::atomic::AtomicUsize;

use tokio::sync::Semaphore;

use super::*;
use crate::pipeline::tests::{Rig, Script, records};

fn planned(rig: &Rig, fingerprint: u8) -> Vec<Planned> {
    vec![Planned { spec: rig.spec(), fingerprint: [fingerprint; 32], owner: None }]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_paused_pipeline_is_replaced_by_a_paused_one() {
    let script = Script { records: records(10), endless: true, ..Script::default() };
    let mut rig = Rig::new(script);
    let mut supervisor = Supervisor::new(None);
    supervisor.apply(planned(&rig, 1)).await;
    let first = supervisor.fleet().get("notes").unwrap();
    rig.status = Arc::clone(&first.status);
    rig.until("reads", |status| status.read().counts.rows_in == 10).await;
    first.tell(Command::Pause);
    rig.until("pauses", |status| status.read().state == State::Paused).await;

    let opened = rig.script.opened.load(Ordering::SeqCst);
    let changes = supervisor.apply(planned(&rig, 2)).await;
    assert_eq!(changes.replaced, ["notes".into()]);
    let second = supervisor.fleet().get("notes").unwrap();
    rig.status = Arc::clone(&second.status);
    rig.until("begins paused", |status| status.read().state == State::Paused).await;
    assert_eq!(rig.script.opened.load(Ordering::SeqCst), opened);

    second.tell(Command::Resume);
    rig.until("goes on", |status| status.read().state == State::Running).await;
    assert!(!second.is_held());
    assert!(supervisor.stop(Duration::from_secs(20)).await.is_empty());
}

#[tokio::test]
async fn a_reload_tells_all_to_end_before_it_waits_and_broken_off_it_forgets_none() {
    let mut supervisor = Supervisor::new(None);
    let (told, gate) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
    let ended = Arc::new(AtomicUsize::new(0));
    for name in ["one", "two"] {
        let cancel = CancellationToken::new();
        let (token, told, gate, ended) =
            (cancel.clone(), Arc::clone(&told), Arc::clone(&gate), Arc::clone(&ended));
        let task = tokio::spawn(async move {
            token.cancelled().await;
            told.add_permits(1);
            drop(gate.acquire().await);
            ended.fetch_add(1, Ordering::SeqCst);
            Stop::Cancelled
        });
        let running = Running { fingerprint: [0; 32], cancel, task, ended: None };
        supervisor.running.insert(name.into(), running);
    }
    let both = time::timeout(Duration::from_secs(10), told.acquire_many(2));
    tokio::select! {
        _ = supervisor.apply(Vec::new()) => panic!("nothing has ended yet"),
        both = both => drop(both.expect("both are told").unwrap()),
    }
    gate.add_permits(2);
    assert!(supervisor.stop(Duration::from_secs(10)).await.is_empty());
    assert_eq!(ended.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn the_end_of_a_pipeline_may_be_asked_for_again() {
    let mut supervisor = Supervisor::new(None);
    let task = tokio::spawn(async { Stop::Done });
    let cancel = CancellationToken::new();
    let mut running = Running { fingerprint: [0; 32], cancel, task, ended: None };
    assert_eq!((running.end().await, running.end().await), (Stop::Done, Stop::Done));
    supervisor.running.insert("one".into(), running);
    assert_eq!(supervisor.finished().await, BTreeMap::from([("one".into(), Stop::Done)]));
}
