//! Does what the state machine says.
//!
//! One task per pipeline: wait for the next input, take a step, perform its action. Everything that takes time
//! happens elsewhere (committer thread, split tasks, keeper) and comes back as a report; everything that decides
//! is in [`state`](super::state). So this file holds the wiring and no policy.

use std::{
    sync::Arc,
    thread::JoinHandle,
    time::{Duration, Instant},
};

use acequia_api::{CancellationToken, ErrorClass, OpenContext};
use jiff::Timestamp;
use tokio::{
    sync::{mpsc, oneshot, watch},
    time,
};
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use super::{
    committer::{self, Order, Setup},
    contest::{self, Asked, Question},
    failure::Failure,
    life::{Life, Opening},
    refused::RowName,
    report::{Committed, Recovered, Report},
    retry,
    spec::Spec,
    state::{Action, Input, Machine, State, Stop},
    status::StatusCell,
};
use crate::publish::{self, Presence, Reposition, reposition};

/// What an operator may tell a running pipeline.
#[derive(Debug)]
pub enum Command {
    /// Commit what is mapped, then hold.
    Pause,
    /// Go on, or restart after a stop.
    Resume,
    /// Change where it stands; it must hold. The answer is the number of the transaction that did it.
    Reposition(Reposition, oneshot::Sender<Result<u64, Failure>>),
}

/// A pipeline being driven.
#[derive(Debug)]
pub struct Driver {
    spec: Arc<Spec>,
    status: Arc<StatusCell>,
    machine: Machine,
    began: Instant,
    cancel: CancellationToken,
    commands: mpsc::Receiver<Command>,
    reports: mpsc::Receiver<(u64, Report)>,
    report: mpsc::Sender<(u64, Report)>,
    presence: Option<Arc<Presence>>,
    owner: Option<Uuid>,
    changes: Option<watch::Receiver<u64>>,
    doubt: Option<Instant>,
    refused: Vec<RowName>,
    life: Option<Life>,
    lives: u64,
    committer: Option<JoinHandle<()>>,
    previous: Option<TaskTracker>,
    timer: Option<Instant>,
    flushing: Option<Input>,
    cancelled: bool,
    held: bool,
}

/// Reports that may wait for the driver.
const REPORTS: usize = 64;
/// How long the parts of the last life may take to let go before the driver leaves them behind.
const LAST_WORDS: Duration = Duration::from_secs(10);

impl Driver {
    /// A driver of a pipeline. `cancel` drains it; `commands` pause and resume it.
    pub fn new(
        spec: Arc<Spec>,
        status: Arc<StatusCell>,
        presence: Option<Arc<Presence>>,
        cancel: CancellationToken,
        commands: mpsc::Receiver<Command>,
    ) -> Self {
        let (report, reports) = mpsc::channel(REPORTS);
        let machine = Machine::new(spec.timing, presence.is_some());
        let changes = presence.as_ref().map(|presence| presence.changes());
        Self {
            spec,
            status,
            machine,
            began: Instant::now(),
            cancel,
            commands,
            reports,
            report,
            presence,
            owner: None,
            changes,
            doubt: None,
            refused: Vec::new(),
            life: None,
            lives: 0,
            committer: None,
            previous: None,
            timer: None,
            flushing: None,
            cancelled: false,
            held: false,
        }
    }

    /// The same, paused from the beginning if `held`: nothing is fenced, read or published until it is resumed.
    #[must_use]
    pub fn held(self, held: bool) -> Self {
        Self { held, ..self }
    }

    /// Drives the pipeline to its end. A pipeline that stopped by a failure stays, waiting for an operator,
    /// unless it was to run once.
    pub async fn run(mut self) -> Stop {
        let mut action = self.first();
        loop {
            self.perform(action);
            self.show();
            if let State::Stopped(stop) = self.machine.state() {
                let waits = matches!(stop, Stop::Failed(_)) && !self.spec.once;
                if !waits || self.cancel.is_cancelled() {
                    self.last_words().await;
                    return stop;
                }
            }
            let input = self.next().await;
            action = self.machine.step(input, self.began.elapsed());
        }
    }

    /// A scheduled pipeline sleeps until its time, a held one until it is resumed.
    fn first(&mut self) -> Action {
        if self.held {
            return self.machine.hold();
        }
        if self.spec.schedule.is_some() && !self.spec.once {
            return self.machine.sleep();
        }
        self.machine.begin()
    }

    async fn next(&mut self) -> Input {
        loop {
            let (tick, doubt) = (at(self.timer), at(self.doubt));
            let input = tokio::select! {
                biased;
                () = self.cancel.cancelled(), if !self.cancelled => {
                    self.cancelled = true;
                    Some(Input::Cancel)
                }
                Some(command) = self.commands.recv(), if !self.cancelled => match command {
                    Command::Pause => Some(Input::Pause),
                    Command::Resume => {
                        // Whoever owned it when it was paused need not own it now.
                        self.owner = None;
                        Some(Input::Resume)
                    }
                    Command::Reposition(wanted, answer) => {
                        // Whoever asked may have gone.
                        let _ = answer.send(self.reposition(wanted).await);
                        None
                    }
                },
                Some((life, report)) = self.reports.recv() => {
                    let current = self.life.as_ref().is_some_and(|known| known.number == life);
                    self.sift(report, current)
                }
                () = tick => self.tick(),
                () = changed(&mut self.changes) => {
                    self.doubt = Some(Instant::now() + self.spec.timing.contest);
                    None
                }
                () = doubt => {
                    self.doubt();
                    None
                }
            };
            if let Some(input) = input {
                return input;
            }
        }
    }

    /// What a dropped life still says is ignored, but for a commit that was under way when it was dropped: it has
    /// happened, and the next life begins after it.
    fn sift(&mut self, report: Report, current: bool) -> Option<Input> {
        match report {
            report if current => self.hear(report),
            Report::Committed(committed) => {
                self.committed(committed);
                None
            }
            _ => None,
        }
    }

    fn hear(&mut self, report: Report) -> Option<Input> {
        match report {
            Report::Fenced => Some(Input::Fenced),
            Report::Recovered(found) if found.first_run && self.spec.ask_first => {
                Some(self.failed(ask_first(&self.spec.name)))
            }
            Report::Recovered(found) => {
                self.recovered(found);
                None
            }
            Report::Opened(splits) => {
                if let Some(life) = &mut self.life {
                    life.reading = splits;
                }
                Some(Input::Recovered)
            }
            Report::Committed(committed) => {
                let put_aside = committed.put_aside > 0;
                self.committed(committed);
                // Only a life that goes on has got over its failure: the last commit of one that was dropped
                // must not take away the reason.
                self.status.update(|status| status.failure = None);
                Some(if put_aside { Input::PutAside } else { Input::Progress })
            }
            Report::Flushed => self.flushing.take(),
            Report::Ended => self.ended(),
            Report::Work => Some(Input::Work),
            Report::Failed(failure) => Some(self.failed(failure)),
            Report::Refused(failure, row) => Some(self.refused(failure, row)),
            Report::Claim { own: true } => Some(Input::OwnClaim),
            Report::Claim { own: false } => Some(Input::ForeignClaim),
            Report::Owner { alive } => {
                self.owner = alive;
                Some(if alive.is_some() { Input::Occupied } else { Input::Vacant })
            }
        }
    }

    /// The timer is over: a wait has elapsed, or it is time to look whether the pipeline is quiet.
    fn tick(&mut self) -> Option<Input> {
        self.timer = None;
        match self.machine.state() {
            State::Running => {
                let quiet = self.status.activity.quiet_for();
                if self.status.activity.is_idle() && quiet >= self.spec.rest_after {
                    return Some(Input::Quiet);
                }
                let wait = self.spec.rest_after.saturating_sub(quiet);
                self.timer = Some(Instant::now() + wait.max(Duration::from_millis(100)));
                None
            }
            State::Resting => Some(Input::Work),
            _ => Some(Input::Elapsed),
        }
    }

    fn perform(&mut self, action: Action) {
        match action {
            Action::Continue => {}
            Action::Look => {
                self.timer = None;
                self.ask(contest::look);
            }
            Action::Fence => self.fence(),
            Action::Recover => self.timer = None,
            Action::Run => {
                self.status.activity.touch();
                self.timer = Some(Instant::now() + self.spec.rest_after);
            }
            Action::Rest => self.rest(),
            Action::Wait(wait) => {
                self.end_life();
                self.timer = Some(Instant::now() + wait);
            }
            Action::ReadClaims => self.ask(contest::read_claims),
            Action::WatchOwner => {
                self.timer = None;
                self.ask(contest::watch_owner);
            }
            Action::Drain => self.drain(),
            Action::Hold | Action::End => {
                self.timer = None;
                self.end_life();
            }
        }
    }

    fn fence(&mut self) {
        self.end_life();
        self.timer = None;
        self.lives += 1;
        self.status.update(|status| status.life = self.lives);
        if !self.machine.isolates() {
            self.refused.clear();
        }
        let isolate = self.machine.isolates();
        let setup = Setup {
            name: format!("{}-publish", self.spec.name),
            life: self.lives,
            publisher: publish::Setup { isolate, ..self.spec.publisher.clone() },
            limits: self.spec.group,
            previous: self.committer.take(),
            reports: self.report.clone(),
        };
        match committer::start(setup) {
            Ok((orders, thread)) => {
                self.committer = Some(thread);
                self.life = Some(Life::new(self.lives, orders));
            }
            Err(failure) => {
                let (orders, _) = mpsc::channel(1);
                self.life = Some(Life::new(self.lives, orders));
                let _ = self.report.try_send((self.lives, Report::Failed(failure)));
            }
        }
    }

    /// The checkpoint is known: open the source there. Called within `Recovering`; the machine moves on when the
    /// source is open.
    fn recovered(&mut self, found: Recovered) {
        let Some(life) = &self.life else { return };
        let Some(orders) = life.orders.clone() else { return };
        let positions = life.positions.as_ref().map(tokio::sync::watch::Sender::subscribe);
        let Some(positions) = positions else { return };
        self.status.update(|status| status.recovered(&found.checkpoint));
        let context = OpenContext {
            preview: false,
            pipeline: Arc::clone(&self.spec.name),
            projection: self.spec.projection.clone(),
            state: Arc::clone(&found.state.0),
            board: Arc::clone(&self.status.board),
            limits: self.spec.limits,
            once: self.spec.once || self.spec.schedule.is_some(),
            precheck: None,
            cancel: life.cancel.clone(),
            life: Some(life.tracker.token()),
        };
        let opening = Opening {
            spec: Arc::clone(&self.spec),
            status: Arc::clone(&self.status),
            checkpoint: found.checkpoint,
            terms: found.terms,
            refused: self.refused.clone(),
            context,
            orders,
            resting: life.resting.subscribe(),
            positions,
            stop: life.stop.clone(),
            tracker: life.tracker.clone(),
            splits: life.splits.clone(),
            previous: self.previous.take(),
            reports: self.report.clone(),
            number: life.number,
        };
        life.tracker.spawn(opening.run());
    }

    fn committed(&mut self, committed: Committed) {
        self.status.activity.touch();
        if let Some(positions) = self.life.as_ref().and_then(|life| life.positions.as_ref()) {
            positions.send_modify(|known| {
                let steps = committed.steps.iter();
                known.extend(steps.map(|step| (Arc::clone(&step.split), step.position.clone())));
            });
        }
        self.status.update(|status| {
            status.committed(committed);
        });
    }

    /// A split has ended. When all have, what they gave is committed before anything else happens: a pipeline
    /// that ran once then ends, a scheduled one rests until its next time.
    fn ended(&mut self) -> Option<Input> {
        let life = self.life.as_mut()?;
        life.reading = life.reading.saturating_sub(1);
        if life.reading > 0 {
            return None;
        }
        match self.machine.state() {
            State::Running if self.spec.schedule.is_some() && !self.spec.once => {
                self.flush(Input::Quiet);
                None
            }
            State::Running => Some(Input::Exhausted),
            _ => None,
        }
    }

    fn failed(&mut self, failure: Failure) -> Input {
        tracing::error!(
            pipeline = &*self.spec.name,
            class = ?failure.class,
            code = failure.code,
            error = failure.message,
            hint = failure.hint,
            "{}",
            retry::advice(failure.class)
        );
        let class = failure.class;
        self.status.update(|status| status.failure = Some(failure));
        Input::Failed(class)
    }

    /// Kafka refused a record: the machine says whether it is looked for.
    fn refused(&mut self, failure: Failure, row: Option<RowName>) -> Input {
        tracing::warn!(
            pipeline = &*self.spec.name,
            code = failure.code,
            error = failure.message,
            found = row.is_some(),
            "a record was refused: everything in flight is read again until it is found and put aside"
        );
        self.status.update(|status| status.failure = Some(failure));
        let named = row.is_some();
        self.refused.extend(row);
        Input::Refused { named }
    }

    /// The producer closes, the splits go on looking for work; a schedule says itself when there is some.
    fn rest(&mut self) {
        self.timer = None;
        let scheduled = self.spec.schedule.is_some() && !self.spec.once;
        if scheduled {
            self.end_life();
            let now = Timestamp::now();
            let next = self.spec.schedule.as_ref().and_then(|schedule| schedule.next_after(now));
            self.status.update(|status| status.next_run = next);
            let wait = next.map(|next| Duration::try_from(next - now).unwrap_or_default());
            self.timer = wait.map(|wait| Instant::now() + wait);
        } else if let Some(life) = &mut self.life {
            life.resting.send_replace(true);
            let rests =
                life.orders.take().is_some_and(|orders| orders.try_send(Order::Rest).is_ok());
            if !rests {
                // Orders wait in front of the committer: there is work after all.
                let _ = self.report.try_send((life.number, Report::Work));
            }
        }
    }

    /// Stops fetching and asks for a last commit. The flush stands behind every parcel that was on its way,
    /// because it is sent only after the split tasks have ended.
    fn drain(&mut self) {
        self.timer = None;
        self.flush(Input::Drained);
    }

    fn flush(&mut self, then: Input) {
        let Some(life) = &self.life else { return };
        life.stop.cancel();
        life.splits.close();
        self.flushing = Some(then);
        if let Some(orders) = life.orders.clone() {
            let splits = life.splits.clone();
            life.tracker.spawn(async move {
                splits.wait().await;
                // A committer that is gone has reported why.
                let _ = orders.send(Order::Flush).await;
            });
        }
    }

    /// Nothing else happens meanwhile, so a pipeline cannot be resumed in the midst of it; a cancel ends the waiting.
    async fn reposition(&mut self, wanted: Reposition) -> Result<u64, Failure> {
        if !matches!(self.machine.state(), State::Paused | State::Stopped(Stop::Failed(_))) {
            return Err(not_held(&self.spec.name));
        }
        // The change makes this instance the owner.
        self.owner = None;
        let mut setup = self.spec.publisher.clone();
        setup.cancel = self.cancel.clone();
        let committer = self.committer.take();
        let done = tokio::task::spawn_blocking(move || {
            // Its state cache must be closed first.
            drop(committer.map(JoinHandle::join));
            reposition(setup, &wanted)
        });
        let panicked =
            |_| Failure::new(ErrorClass::Bug, "pipeline.unknown", "changing a position panicked");
        Ok(done.await.map_err(panicked)??)
    }

    /// Asks Kafka something while nothing else runs; the answer comes as a report.
    fn ask(&mut self, question: Question) {
        self.end_life();
        self.lives += 1;
        let mut silent = Life::new(self.lives, mpsc::channel(1).0);
        silent.end();
        self.life = Some(silent);
        self.ask_beside(question);
    }

    /// The same beside what runs.
    fn ask_beside(&self, question: Question) {
        let asked = Asked {
            spec: Arc::clone(&self.spec),
            presence: self.presence.clone(),
            owner: self.owner,
        };
        let (report, life) = (self.report.clone(), self.lives);
        tokio::task::spawn_blocking(move || {
            let _ = report.blocking_send((life, question(&asked)));
        });
    }

    /// The instances have changed. A pipeline that has nothing to publish would not notice that it was fenced.
    fn doubt(&mut self) {
        self.doubt = None;
        if matches!(self.machine.state(), State::Running | State::Resting) {
            self.ask_beside(contest::doubt);
        }
    }

    fn end_life(&mut self) {
        self.flushing = None;
        if let Some(mut life) = self.life.take() {
            life.end();
            // A life in which nothing ran, as that of a question, must not hide what the one before still holds.
            if !life.tracker.is_empty() {
                self.previous = Some(life.tracker);
            }
        }
    }

    fn show(&self) {
        let state = self.machine.state();
        let failures = self.machine.failures();
        self.status.update(|status| {
            if status.state != state {
                tracing::info!(pipeline = &*self.spec.name, from = ?status.state, to = ?state, "state");
                status.state = state;
                status.since = Timestamp::now();
            }
            status.failures = failures;
            if state != State::Resting {
                status.next_run = None;
            }
        });
    }

    async fn last_words(&mut self) {
        let Some(tracker) = self.previous.take() else { return };
        if time::timeout(LAST_WORDS, tracker.wait()).await.is_err() {
            tracing::warn!(pipeline = &*self.spec.name, "the source did not let go in time");
        }
    }
}

fn not_held(name: &str) -> Failure {
    let message = format!("`{name}` does not stand still, so its position cannot be changed");
    Failure::new(ErrorClass::Operator, "pipeline.not_held", message).hint(format!(
        "`acequia pause {name}`, wait until `acequia status` calls it paused, and ask again"
    ))
}

async fn at(time: Option<Instant>) {
    match time {
        Some(at) => time::sleep_until(at.into()).await,
        None => std::future::pending().await,
    }
}

/// Ends when other instances have come or gone; never where there can be none.
async fn changed(changes: &mut Option<watch::Receiver<u64>>) {
    if let Some(changes) = changes
        && changes.changed().await.is_ok()
    {
        return;
    }
    std::future::pending::<()>().await;
}

fn ask_first(name: &str) -> Failure {
    let message =
        "nothing was ever committed, and `initial: ask` wants a person to decide where to begin";
    Failure::new(ErrorClass::Operator, "pipeline.first_run", message).hint(format!(
        "`acequia position init {name} --reason …` begins at the start of what the source still offers; files that are \
         known as done stay so"
    ))
}
