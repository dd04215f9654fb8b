//! The loop behind every stream.

use axum::body::Bytes;
use tokio::sync::mpsc;
use tokio::time::{Instant, Interval};

use super::viewer::Viewer;
use super::{BURST, GATHER, LivePage, SESSION_CHECK, Update, message, signed_out};
use crate::domain::access::Principal;
use crate::live::events::Change;
use crate::ops::policy;
use crate::web::fragment::partial;
use crate::web::layout::{
    EmergencyRow, Outages, emergencies, emergency_notices, own_requests, pending_count,
};
use crate::web::state::{AppState, State};

/// What may have changed since the last message.
#[derive(Debug, Default)]
struct Due {
    /// The session's person, and whether the session is still valid.
    session: bool,
    page: bool,
    frame: bool,
}

impl Due {
    fn note(&mut self, change: Change, viewer: &Viewer, page: &impl LivePage) {
        if viewer.concerns(change) {
            *self = Self { session: true, page: true, frame: true };
            return;
        }
        self.page |= page.concerns(change);
        self.frame |= matches!(change, Change::Health | Change::Approvals);
    }

    fn is_nothing(&self) -> bool {
        !(self.session || self.page || self.frame)
    }
}

/// Sends what the page shows, now and after every change, until the reader, the session or the server ends.
pub(super) async fn follow<P: LivePage>(
    state: AppState,
    mut viewer: Viewer,
    sender: mpsc::Sender<Bytes>,
    mut page: P,
) {
    let mut due = Due { session: false, page: true, frame: P::HAS_FRAME };
    let mut frame = Frame::default();
    let mut check = tokio::time::interval(SESSION_CHECK);
    check.reset();
    let mut next = Instant::now();
    loop {
        let update = match due.page {
            true => page.render(&state, &viewer.principal).await,
            false => Update::Nothing,
        };
        let around = match due.frame && P::HAS_FRAME {
            true => frame.changed(&state, &viewer.principal),
            false => String::new(),
        };
        match send(&sender, update, &around).await {
            Sent::Nothing => {}
            Sent::Something => next = Instant::now() + GATHER,
            Sent::Last => return,
        }
        let Some(woken) = wait(&state, &mut viewer, &sender, &mut page, &mut check).await else { return };
        due = woken;
        if due.page && !due.session {
            tokio::time::sleep_until(next.max(Instant::now() + BURST)).await;
        }
        if !is_present(&state, &mut viewer, &mut page, &mut due).await {
            // If only the assertion has expired, the page's next request may renew it.
            if !viewer.has_lapsed(&state) {
                let _ = sender.send(signed_out()).await;
            }
            return;
        }
    }
}

/// Waits until something may have to be sent; `None` once the browser has disconnected or the server stops.
async fn wait<P: LivePage>(
    state: &State,
    viewer: &mut Viewer,
    sender: &mpsc::Sender<Bytes>,
    page: &mut P,
    check: &mut Interval,
) -> Option<Due> {
    let mut due = Due::default();
    while due.is_nothing() {
        let lapses = viewer.lapses(state);
        tokio::select! {
            change = viewer.events.next() => due.note(change, viewer, &*page),
            _ = check.tick() => {
                // A full channel needs no keep-alive.
                let _ = sender.try_send(message::keep_alive());
                due = Due { session: true, page: true, frame: true };
            }
            () = reached(page.deadline()) => due.page = true,
            () = reached(lapses) => due.session |= viewer.has_lapsed(state),
            () = state.stopping.cancelled() => return None,
            () = sender.closed() => return None,
        }
    }
    Some(due)
}

/// Applies the changes up to now; false once the session has ended. A check of the session may be older than a
/// change that came meanwhile, so it is repeated until nothing changed.
async fn is_present(state: &State, viewer: &mut Viewer, page: &mut impl LivePage, due: &mut Due) -> bool {
    loop {
        policy::ensure_current(state).await;
        while let Some(change) = viewer.events.try_next() {
            due.note(change, viewer, &*page);
        }
        if !(std::mem::take(&mut due.session) || viewer.is_outdated(state)) {
            return true;
        }
        if !viewer.reload(state).await {
            return false;
        }
    }
}

enum Sent {
    Nothing,
    Something,
    /// Nothing more is to be sent, or the browser has disconnected.
    Last,
}

async fn send(sender: &mpsc::Sender<Bytes>, update: Update, around: &str) -> Sent {
    let bytes = match update {
        Update::Nothing if around.is_empty() => return Sent::Nothing,
        Update::Nothing => message::html(around),
        Update::Message(message) if around.is_empty() => message.bytes(),
        Update::Message(message) => message.with(around),
        Update::Event(bytes) => bytes,
        Update::Last(events) => {
            for bytes in events {
                let _ = sender.send(bytes).await;
            }
            return Sent::Last;
        }
    };
    if sender.send(bytes).await.is_ok() { Sent::Something } else { Sent::Last }
}

/// Resolves at that time, or never.
async fn reached(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}

/// The parts around every page, as last sent.
#[derive(Debug, Default)]
struct Frame {
    outages: Option<Outages>,
    to_decide: Option<usize>,
    own_requests: Option<usize>,
    emergencies: Option<Vec<EmergencyRow>>,
}

impl Frame {
    fn changed(&mut self, state: &State, principal: &Principal) -> String {
        let mut html = String::new();
        let outages = Outages::now(state);
        if self.outages.replace(outages) != Some(outages) {
            html.push_str(&partial("#notices", "innerHTML", &outages.notices()));
        }
        let policy = state.live.policy.current();
        let requests = state.live.approvals.load();
        let to_decide = requests.pending_for(&policy, principal, state.clock.now());
        let own = requests.own(principal).count();
        if self.own_requests.replace(own).unwrap_or(0) != own {
            html.push_str(&partial("#own-requests", "innerHTML", &own_requests(own)));
        }
        let told = if to_decide.is_some() { emergencies(state, &requests) } else { Vec::new() };
        if self.emergencies.as_deref().unwrap_or_default() != told.as_slice() {
            html.push_str(&partial("#emergencies", "innerMorph", &emergency_notices(&told)));
            self.emergencies = Some(told);
        }
        if self.to_decide != to_decide {
            // A viewer who may no longer decide does not get the number of requests either.
            let count = pending_count(to_decide.unwrap_or(0));
            html.push_str(&partial("#reveals-waiting", "innerHTML", &count));
            self.to_decide = to_decide;
        }
        html
    }
}
