//! The life of one pipeline as a pure state machine: no clock, no I/O, no Kafka.
//!
//! ```text
//!              ┌────────────── Backoff ◄──── Failed(Transient) ────┐        Paused ◄─┐
//!              ▼ elapsed      ┌─ Refused: isolate ─┐               │          │ resume│
//!              ▼              ▼ (to Fencing)       │               │          │       │
//!  start ─► Fencing ──► Recovering ──► Running ── cancel, end ──► Draining ──┴─► Stopped(Done)
//!            ▲   ▲          │            │  ▲                        (pause ends in Paused)
//!            │   │          │      quiet ▼  │
//!            │   └──────────┼─── work ─ Resting
//!            │              ▼ Failed(Fenced), from anywhere
//!            │          Contested ── own claim is the newest ─► Fencing, with a warning
//!            │              │ foreign claim
//!            └─ vacant ─ Standby ◄── occupied ── Fencing, when the instance looks before it fences
//!                            ▲
//!                            └── foreign claim ── Running, Resting
//!  Failed(Operator | Lost | Bug), from anywhere ─► Stopped(Failed)      (absorbing until an operator restarts)
//! ```
//!
//! **Recovery is the start path.** Whatever fails, the producer and every batch in flight are dropped and the
//! pipeline goes through `Fencing` again; there is no second, rarely used way to become correct. `Resting` is
//! the same idea for silence: a pipeline with nothing to do closes its producer (its threads and polls cost
//! even when idle) and comes back through `Fencing` when the source has work.
//!
//! Being fenced is no proof of a second instance: a transaction that timed out at the broker looks the same.
//! So the pipeline does not fence back at once, which would let two instances chase each other; it looks whose
//! claim is the newest and either rebuilds once or becomes the standby.
//!
//! For the same reason an instance that is not alone **looks before it fences**, whenever it comes from outside: at the
//! start, after a wait, a rest or a pause. A living owner is left in peace. An owner that has nothing to publish would
//! not notice that it was fenced all the same; its driver reads the claims when the instances change, and a foreign
//! one makes it the standby.
//!
//! A record that Kafka **refuses** is looked for in further lives, see [`isolation`](super::isolation).

use std::{collections::VecDeque, time::Duration};

use acequia_api::ErrorClass;

use super::isolation::Isolation;

/// Where a pipeline is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Ending the previous life: a new producer with the same transactional id.
    Fencing,
    /// Reading what was committed, opening the source there.
    Recovering,
    /// Reading, mapping, publishing.
    Running,
    /// Nothing to do for a while: the source is watched, the producer is closed.
    Resting,
    /// Waiting before another attempt.
    Backoff,
    /// Fenced; about to look whose claim is the newest.
    Contested,
    /// Another instance owns the pipeline; watching whether it is alive.
    Standby,
    /// Committing what has been mapped, then closing.
    Draining,
    /// Stopped by an operator; resumes where it is.
    Paused,
    /// Ended.
    Stopped(Stop),
}

/// Why a pipeline is stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Stop {
    /// The source is exhausted and everything is committed.
    Done,
    /// The daemon ends or drops the pipeline; everything mapped is committed.
    Cancelled,
    /// An error that waiting does not cure.
    Failed(ErrorClass),
}

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Input {
    /// The producer is initialised; the previous life is over.
    Fenced,
    /// Checkpoint read, source and readers open.
    Recovered,
    /// A transaction was committed.
    Progress,
    /// A transaction was committed that holds rows which Kafka refused before, as rejects.
    PutAside,
    /// Kafka refused a record of the transaction.
    Refused {
        /// Whether the driver knows the row, because every record was sent by itself.
        named: bool,
    },
    /// Nothing to publish for the idle time.
    Quiet,
    /// The source has something again.
    Work,
    /// Every split has ended.
    Exhausted,
    /// Something failed.
    Failed(ErrorClass),
    /// The wait asked for by the last action is over.
    Elapsed,
    /// Our own claim is the newest.
    OwnClaim,
    /// A foreign claim is the newest.
    ForeignClaim,
    /// Nobody else owns the pipeline, or the owner is gone.
    Vacant,
    /// Another instance owns the pipeline and is alive.
    Occupied,
    /// Draining: everything mapped is committed and closed.
    Drained,
    /// The daemon ends or drops the pipeline.
    Cancel,
    /// An operator pauses it.
    Pause,
    /// An operator resumes it, or restarts it after it stopped.
    Resume,
}

/// What the driver has to do next. Entering a state always says what to do in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Go on with what is being done.
    Continue,
    /// Drop producer, readers and everything in flight, then look whether another instance owns the pipeline.
    Look,
    /// Drop producer, readers and everything in flight, then fence.
    Fence,
    /// Claim, read the checkpoint, open source and readers.
    Recover,
    /// Read, map and publish.
    Run,
    /// Close the producer, keep watching the source.
    Rest,
    /// Drop everything and wait.
    Wait(Duration),
    /// Read the claims.
    ReadClaims,
    /// Look whether the owner is alive. The wait for the next look begins with the answer.
    WatchOwner,
    /// Stop fetching, commit what is mapped, close.
    Drain,
    /// Drop everything; stay until resumed or cancelled.
    Hold,
    /// End.
    End,
}

/// The waits of the machine.
#[derive(Debug, Clone, Copy)]
pub struct Timing {
    /// The first wait after a transient failure; doubles with each further one.
    pub first_backoff: Duration,
    /// The longest wait.
    pub longest_backoff: Duration,
    /// Between being fenced and reading the claims.
    pub contest: Duration,
    /// Between two looks at the owner.
    pub watch: Duration,
    /// More than [`MOST_TAKEOVERS`] within this stop the pipeline.
    pub takeover_window: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            first_backoff: Duration::from_millis(250),
            longest_backoff: Duration::from_secs(60),
            contest: Duration::from_secs(5),
            watch: Duration::from_secs(2),
            takeover_window: Duration::from_secs(600),
        }
    }
}

/// So many times may a pipeline be taken over or rebuild itself after being fenced within the window. Two
/// instances that fence each other more often than that are configured against each other.
pub const MOST_TAKEOVERS: usize = 3;

/// The machine: the state and the little memory that decisions need.
#[derive(Debug)]
pub struct Machine {
    state: State,
    timing: Timing,
    shared: bool,
    isolation: Isolation,
    failures: u32,
    takeovers: VecDeque<Duration>,
    after_drain: State,
}

impl Machine {
    /// A pipeline about to start; [`begin`](Self::begin) says how. `shared` if there may be other instances to look for.
    pub fn new(timing: Timing, shared: bool) -> Self {
        Self {
            state: State::Fencing,
            timing,
            shared,
            isolation: Isolation::default(),
            failures: 0,
            takeovers: VecDeque::new(),
            after_drain: State::Stopped(Stop::Done),
        }
    }

    /// Where it is.
    pub fn state(&self) -> State {
        self.state
    }

    /// Transient failures since the last commit.
    pub fn failures(&self) -> u32 {
        self.failures
    }

    /// Whether the life about to begin sends every record by itself, to find one that Kafka refuses.
    pub fn isolates(&self) -> bool {
        self.isolation.is_active()
    }

    /// Takes one step. `now` is the time since some fixed moment; it only has to go forward. An input that has
    /// no meaning in the current state (a late report of something that was dropped) changes nothing.
    pub fn step(&mut self, input: Input, now: Duration) -> Action {
        use Input as I;
        use State as S;
        match (self.state, input) {
            (S::Stopped(Stop::Failed(_)) | S::Paused, I::Resume) => self.restart(),
            (S::Stopped(_), _) => Action::Continue,

            (S::Running, I::Cancel) => self.drain(S::Stopped(Stop::Cancelled)),
            (S::Draining, I::Cancel) => {
                if self.after_drain == S::Paused {
                    self.after_drain = S::Stopped(Stop::Cancelled);
                }
                Action::Continue
            }
            (_, I::Cancel) => self.enter(S::Stopped(Stop::Cancelled), Action::End),

            (S::Running, I::Pause) => self.drain(S::Paused),
            (S::Draining | S::Paused, I::Pause) => Action::Continue,
            (_, I::Pause) => self.enter(S::Paused, Action::Hold),

            (S::Fencing, I::Vacant) => self.enter(S::Fencing, Action::Fence),
            (S::Fencing, I::Occupied) | (S::Running | S::Resting, I::ForeignClaim) => {
                self.stand_by()
            }
            (S::Fencing, I::Fenced) => self.enter(S::Recovering, Action::Recover),
            (S::Recovering, I::Recovered) => self.enter(S::Running, Action::Run),
            (S::Running | S::Resting | S::Draining, I::Progress | I::PutAside) => {
                self.failures = 0;
                self.committed(input == I::PutAside)
            }
            (S::Running, I::Quiet) => self.enter(S::Resting, Action::Rest),
            (S::Resting, I::Work) | (S::Backoff, I::Elapsed) => self.begin(),
            (S::Running, I::Exhausted) => self.drain(S::Stopped(Stop::Done)),
            (S::Resting, I::Exhausted) => self.enter(S::Stopped(Stop::Done), Action::End),
            (S::Draining, I::Drained) => self.leave(),

            (S::Contested, I::Elapsed) => Action::ReadClaims,
            (S::Contested, I::OwnClaim) | (S::Standby, I::Vacant) => self.take_over(now),
            (S::Contested, I::ForeignClaim) => self.stand_by(),
            (S::Standby, I::Elapsed) => Action::WatchOwner,
            (S::Standby, I::Occupied | I::Failed(ErrorClass::Transient)) => {
                Action::Wait(self.timing.watch)
            }

            // Nothing is lost: what was not committed is read again by the next life.
            (S::Draining, I::Failed(_) | I::Refused { .. })
                if self.after_drain != S::Stopped(Stop::Done) =>
            {
                self.leave()
            }
            (S::Paused, I::Failed(_) | I::Refused { .. }) => Action::Continue,
            (S::Running | S::Resting | S::Draining, I::Refused { named }) => self.refused(named),
            // What was refused is a record of our own: a claim.
            (_, I::Refused { .. }) => self.fail(ErrorClass::Operator),
            (_, I::Failed(class)) => self.fail(class),
            _ => Action::Continue,
        }
    }

    /// A pipeline that waits for its time instead of starting at once.
    pub fn sleep(&mut self) -> Action {
        self.enter(State::Resting, Action::Rest)
    }

    /// A pipeline that begins as an operator left the one that it replaces: paused.
    pub fn hold(&mut self) -> Action {
        self.enter(State::Paused, Action::Hold)
    }

    /// Comes from outside: looks who is there before it fences, if there may be anybody.
    pub fn begin(&mut self) -> Action {
        self.enter(State::Fencing, if self.shared { Action::Look } else { Action::Fence })
    }

    fn stand_by(&mut self) -> Action {
        self.enter(State::Standby, Action::WatchOwner)
    }

    /// The drain is over.
    fn leave(&mut self) -> Action {
        match self.after_drain {
            State::Paused => self.enter(State::Paused, Action::Hold),
            end => self.enter(end, Action::End),
        }
    }

    fn committed(&mut self, put_aside: bool) -> Action {
        if self.isolation.committed(put_aside) && self.state == State::Running {
            return self.enter(State::Fencing, Action::Fence);
        }
        Action::Continue
    }

    fn refused(&mut self, named: bool) -> Action {
        if self.isolation.refused(named) {
            return self.enter(State::Fencing, Action::Fence);
        }
        self.fail(ErrorClass::Operator)
    }

    fn enter(&mut self, state: State, action: Action) -> Action {
        self.state = state;
        action
    }

    fn restart(&mut self) -> Action {
        self.failures = 0;
        self.takeovers.clear();
        self.isolation = Isolation::default();
        self.begin()
    }

    fn drain(&mut self, then: State) -> Action {
        self.after_drain = then;
        self.enter(State::Draining, Action::Drain)
    }

    fn take_over(&mut self, now: Duration) -> Action {
        let horizon = now.saturating_sub(self.timing.takeover_window);
        self.takeovers.retain(|at| *at >= horizon);
        if self.takeovers.len() >= MOST_TAKEOVERS {
            return self.enter(State::Stopped(Stop::Failed(ErrorClass::Operator)), Action::End);
        }
        self.takeovers.push_back(now);
        self.enter(State::Fencing, Action::Fence)
    }

    fn fail(&mut self, class: ErrorClass) -> Action {
        match class {
            ErrorClass::Transient => {
                let wait = self.backoff();
                self.failures = self.failures.saturating_add(1);
                self.enter(State::Backoff, Action::Wait(wait))
            }
            ErrorClass::Fenced => self.enter(State::Contested, Action::Wait(self.timing.contest)),
            ErrorClass::Operator | ErrorClass::Lost | ErrorClass::Bug => {
                self.enter(State::Stopped(Stop::Failed(class)), Action::End)
            }
        }
    }

    fn backoff(&self) -> Duration {
        let factor = 1_u32 << self.failures.min(16);
        self.timing.first_backoff.saturating_mul(factor).min(self.timing.longest_backoff)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NOW: Duration = Duration::from_secs(1);

    fn run(machine: &mut Machine, inputs: &[Input]) -> Action {
        inputs.iter().map(|input| machine.step(*input, NOW)).last().unwrap_or(Action::Continue)
    }

    fn running() -> Machine {
        let mut machine = Machine::new(Timing::default(), false);
        run(&mut machine, &[Input::Fenced, Input::Recovered]);
        assert_eq!(machine.state(), State::Running);
        machine
    }

    #[test]
    fn a_transient_failure_goes_through_fencing_again() {
        let mut machine = running();
        let action = machine.step(Input::Failed(ErrorClass::Transient), NOW);
        assert_eq!(action, Action::Wait(Duration::from_millis(250)));
        assert_eq!(machine.step(Input::Elapsed, NOW), Action::Fence);
        assert_eq!(run(&mut machine, &[Input::Fenced, Input::Recovered]), Action::Run);
    }

    #[test]
    fn waits_double_to_a_limit_and_a_commit_resets_them() {
        let mut machine = running();
        let mut waits = Vec::new();
        for _ in 0..12 {
            let Action::Wait(wait) = machine.step(Input::Failed(ErrorClass::Transient), NOW) else {
                panic!("a wait")
            };
            waits.push(wait);
            run(&mut machine, &[Input::Elapsed, Input::Fenced, Input::Recovered]);
        }
        assert!(waits.windows(2).all(|pair| pair[0] <= pair[1]));
        assert_eq!(waits.last(), Some(&Duration::from_secs(60)));
        machine.step(Input::Progress, NOW);
        let action = machine.step(Input::Failed(ErrorClass::Transient), NOW);
        assert_eq!(action, Action::Wait(Duration::from_millis(250)));
    }

    #[test]
    fn being_fenced_never_fences_back_before_the_claims_are_read() {
        let mut machine = running();
        assert_eq!(
            machine.step(Input::Failed(ErrorClass::Fenced), NOW),
            Action::Wait(Duration::from_secs(5))
        );
        assert_eq!(machine.step(Input::Elapsed, NOW), Action::ReadClaims);
        assert_eq!(machine.step(Input::ForeignClaim, NOW), Action::WatchOwner);
        assert_eq!(machine.step(Input::Vacant, NOW), Action::Fence);
    }

    #[test]
    fn more_than_three_takeovers_in_the_window_stop_the_pipeline() {
        let mut machine = running();
        for round in 0..=MOST_TAKEOVERS {
            let fenced = [Input::Failed(ErrorClass::Fenced), Input::Elapsed, Input::OwnClaim];
            let action = run(&mut machine, &fenced);
            if round < MOST_TAKEOVERS {
                assert_eq!(action, Action::Fence);
                run(&mut machine, &[Input::Fenced, Input::Recovered]);
            } else {
                assert_eq!(action, Action::End);
            }
        }
        assert_eq!(machine.state(), State::Stopped(Stop::Failed(ErrorClass::Operator)));
    }

    #[test]
    fn old_takeovers_are_forgotten_after_the_window() {
        let mut machine = running();
        for round in 0..10_u32 {
            let now = Duration::from_secs(601) * round;
            machine.step(Input::Failed(ErrorClass::Fenced), now);
            machine.step(Input::Elapsed, now);
            assert_eq!(machine.step(Input::OwnClaim, now), Action::Fence);
            machine.step(Input::Fenced, now);
            machine.step(Input::Recovered, now);
        }
    }

    #[test]
    fn a_pause_commits_first_and_resumes_through_fencing() {
        let mut machine = running();
        assert_eq!(machine.step(Input::Pause, NOW), Action::Drain);
        assert_eq!(machine.step(Input::Drained, NOW), Action::Hold);
        assert_eq!(machine.state(), State::Paused);
        assert_eq!(machine.step(Input::Resume, NOW), Action::Fence);
    }

    #[test]
    fn silence_closes_the_producer_and_work_comes_back_through_fencing() {
        let mut machine = running();
        assert_eq!(machine.step(Input::Quiet, NOW), Action::Rest);
        assert_eq!(machine.step(Input::Work, NOW), Action::Fence);
    }

    #[test]
    fn whoever_comes_from_outside_looks_before_he_fences_and_leaves_a_living_owner_in_peace() {
        let mut machine = Machine::new(Timing::default(), true);
        assert_eq!(machine.begin(), Action::Look);
        assert_eq!(machine.step(Input::Occupied, NOW), Action::WatchOwner);
        assert_eq!(machine.state(), State::Standby);
        assert_eq!(machine.step(Input::Vacant, NOW), Action::Fence);
        run(&mut machine, &[Input::Fenced, Input::Recovered]);
        for away in [
            &[Input::Failed(ErrorClass::Transient), Input::Elapsed][..],
            &[Input::Quiet, Input::Work],
            &[Input::Pause, Input::Drained, Input::Resume],
        ] {
            assert_eq!(run(&mut machine, away), Action::Look, "{away:?}");
            let back = [Input::Vacant, Input::Fenced, Input::Recovered];
            assert_eq!(run(&mut machine, &back), Action::Run);
        }
    }

    #[test]
    fn an_owner_that_has_nothing_to_do_stands_by_when_it_sees_a_foreign_claim() {
        for idle in [&[][..], &[Input::Quiet]] {
            let mut machine = running();
            run(&mut machine, idle);
            assert_eq!(machine.step(Input::OwnClaim, NOW), Action::Continue);
            assert_eq!(machine.step(Input::ForeignClaim, NOW), Action::WatchOwner);
            assert_eq!(machine.state(), State::Standby);
        }
    }

    #[test]
    fn a_standby_waits_for_the_answer_before_it_looks_again_however_long_that_takes() {
        let mut machine = running();
        machine.step(Input::ForeignClaim, NOW);
        let watch = Timing::default().watch;
        for answer in [Input::Occupied, Input::Failed(ErrorClass::Transient)] {
            assert_eq!(machine.step(answer, NOW), Action::Wait(watch), "{answer:?}");
            assert_eq!(machine.state(), State::Standby);
            assert_eq!(machine.step(Input::Elapsed, NOW), Action::WatchOwner);
        }
    }

    #[test]
    fn a_refused_claim_stops_the_pipeline_instead_of_leaving_it_in_recovery() {
        for before in [&[][..], &[Input::Fenced]] {
            let mut machine = Machine::new(Timing::default(), false);
            run(&mut machine, before);
            assert_eq!(machine.step(Input::Refused { named: false }, NOW), Action::End);
            assert_eq!(machine.state(), State::Stopped(Stop::Failed(ErrorClass::Operator)));
        }
    }

    #[test]
    fn the_last_commit_of_a_pipeline_that_rests_counts_as_any_other() {
        let mut machine = running();
        machine.step(Input::Quiet, NOW);
        assert_eq!(machine.step(Input::Refused { named: false }, NOW), Action::Fence);
        assert!(machine.isolates());
        let again = [Input::Fenced, Input::Recovered, Input::Quiet, Input::PutAside];
        assert_eq!(run(&mut machine, &again), Action::Continue);
        assert_eq!(machine.state(), State::Resting);
        assert!(!machine.isolates());
    }

    #[test]
    fn a_pause_is_kept_whatever_goes_wrong_while_it_commits() {
        use ErrorClass::{Bug, Fenced, Lost, Operator, Transient};
        let failures = [Transient, Fenced, Operator, Lost, Bug].map(Input::Failed);
        let refusals = [true, false].map(|named| Input::Refused { named });
        for wrong in failures.into_iter().chain(refusals) {
            let mut machine = running();
            assert_eq!(run(&mut machine, &[Input::Pause, wrong]), Action::Hold, "{wrong:?}");
            assert_eq!(machine.state(), State::Paused);
            assert_eq!(machine.step(Input::Resume, NOW), Action::Fence);
        }
    }

    #[test]
    fn a_pipeline_that_begins_paused_touches_nothing_until_it_is_resumed() {
        let mut machine = Machine::new(Timing::default(), true);
        assert_eq!(machine.hold(), Action::Hold);
        assert_eq!(machine.step(Input::Elapsed, NOW), Action::Continue);
        assert_eq!(machine.state(), State::Paused);
        assert_eq!(machine.step(Input::Resume, NOW), Action::Look);
    }

    #[test]
    fn a_refused_record_is_isolated_put_aside_and_the_rest_goes_on() {
        let mut machine = running();
        assert!(!machine.isolates());
        let again = [Input::Fenced, Input::Recovered];
        for named in [false, true] {
            assert_eq!(machine.step(Input::Refused { named }, NOW), Action::Fence);
            assert!(machine.isolates());
            run(&mut machine, &again);
        }
        assert_eq!(machine.step(Input::Progress, NOW), Action::Continue);
        assert_eq!(machine.step(Input::PutAside, NOW), Action::Fence);
        assert!(!machine.isolates());
    }

    #[test]
    fn a_refused_record_of_our_own_stops_the_pipeline_and_an_operator_begins_anew() {
        let mut machine = running();
        machine.step(Input::Refused { named: false }, NOW);
        run(&mut machine, &[Input::Fenced, Input::Recovered]);
        assert_eq!(machine.step(Input::Refused { named: false }, NOW), Action::End);
        assert_eq!(machine.state(), State::Stopped(Stop::Failed(ErrorClass::Operator)));
        machine.step(Input::Resume, NOW);
        assert!(!machine.isolates());
    }

    #[test]
    fn a_record_refused_at_the_end_is_found_before_the_pipeline_is_done() {
        let mut machine = running();
        machine.step(Input::Exhausted, NOW);
        assert_eq!(machine.step(Input::Refused { named: false }, NOW), Action::Fence);
        let found = [
            Input::Fenced,
            Input::Recovered,
            Input::Refused { named: true },
            Input::Fenced,
            Input::Recovered,
        ];
        run(&mut machine, &found);
        let end = [Input::Exhausted, Input::PutAside, Input::Drained];
        assert_eq!(run(&mut machine, &end), Action::End);
        assert_eq!(machine.state(), State::Stopped(Stop::Done));
    }

    fn any_input() -> impl Strategy<Value = Input> {
        use ErrorClass::{Bug, Fenced, Lost, Operator, Transient};
        proptest::sample::select(vec![
            Input::Fenced,
            Input::Recovered,
            Input::Progress,
            Input::PutAside,
            Input::Refused { named: true },
            Input::Refused { named: false },
            Input::Occupied,
            Input::Quiet,
            Input::Work,
            Input::Exhausted,
            Input::Failed(Transient),
            Input::Failed(Fenced),
            Input::Failed(Operator),
            Input::Failed(Lost),
            Input::Failed(Bug),
            Input::Elapsed,
            Input::OwnClaim,
            Input::ForeignClaim,
            Input::Vacant,
            Input::Drained,
            Input::Cancel,
            Input::Pause,
            Input::Resume,
        ])
    }

    proptest! {
        /// Running is entered only from Recovering, Recovering only from Fencing: no path skips recovery.
        #[test]
        fn no_history_reaches_running_without_fencing_and_recovering(shared in any::<bool>(),
                                                                     inputs in proptest::collection::vec(any_input(), 0..200)) {
            let mut machine = Machine::new(Timing::default(), shared);
            for (n, input) in inputs.into_iter().enumerate() {
                let before = machine.state();
                let action = machine.step(input, Duration::from_secs(n as u64));
                let after = machine.state();
                if after == State::Running && before != State::Running {
                    prop_assert_eq!(before, State::Recovering);
                    prop_assert_eq!(action, Action::Run);
                }
                if after == State::Recovering && before != State::Recovering {
                    prop_assert_eq!(before, State::Fencing);
                }
                if after == State::Fencing && before != State::Fencing {
                    prop_assert!(matches!(action, Action::Fence | Action::Look));
                }
            }
        }

        /// After a cancel, every history ends once the drain is answered, whatever else happens.
        #[test]
        fn a_cancel_always_ends_the_pipeline(shared in any::<bool>(),
                                             before in proptest::collection::vec(any_input(), 0..100)) {
            let mut machine = Machine::new(Timing::default(), shared);
            for input in before {
                machine.step(input, NOW);
            }
            machine.step(Input::Cancel, NOW);
            machine.step(Input::Drained, NOW);
            prop_assert!(matches!(machine.state(), State::Stopped(_)), "{:?}", machine.state());
        }

        /// A refusal is never swallowed: whatever is refused, a pipeline that does not stand still does not go on as if nothing
        /// had happened.
        #[test]
        fn a_refusal_is_heard_in_every_state(shared in any::<bool>(), named in any::<bool>(),
                                             before in proptest::collection::vec(any_input(), 0..100)) {
            let mut machine = Machine::new(Timing::default(), shared);
            for input in before {
                machine.step(input, NOW);
            }
            let before = machine.state();
            let action = machine.step(Input::Refused { named }, NOW);
            if matches!(before, State::Paused | State::Stopped(_)) {
                prop_assert_eq!(action, Action::Continue);
                prop_assert_eq!(machine.state(), before);
            } else {
                prop_assert_ne!(machine.state(), before);
            }
        }

        /// A stopped pipeline stays stopped unless an operator restarts it.
        #[test]
        fn stopped_is_absorbing_without_an_operator(shared in any::<bool>(),
                                                    class in proptest::sample::select(vec![ErrorClass::Operator, ErrorClass::Lost, ErrorClass::Bug]),
                                                    after in proptest::collection::vec(any_input(), 0..100)) {
            let mut machine = Machine::new(Timing::default(), shared);
            run(&mut machine, &[Input::Fenced, Input::Recovered]);
            machine.step(Input::Failed(class), NOW);
            for input in after.into_iter().filter(|input| *input != Input::Resume) {
                machine.step(input, NOW);
                prop_assert_eq!(machine.state(), State::Stopped(Stop::Failed(class)));
            }
        }
    }
}
