//! What each method of each route is for, in words.

use axum::http::Method;
use protocol::routes;

/// What one method of one route is for.
pub(super) struct Operation {
    pub(super) path: &'static str,
    pub(super) method: Method,
    pub(super) summary: &'static str,
    /// Name of a schema.
    pub(super) body: Option<&'static str>,
    pub(super) answer: Answer,
    /// Query and header parameters; those of the path stand in the path.
    pub(super) parameters: &'static [Parameter],
}

pub(super) enum Answer {
    Json(&'static str),
    /// Taken; the answer comes as an event.
    Accepted(&'static str),
    Events,
    Empty,
}

#[derive(Clone, Copy)]
pub(super) struct Parameter {
    pub(super) name: &'static str,
    pub(super) place: &'static str,
    pub(super) is_required: bool,
}

const fn query(name: &'static str) -> Parameter {
    Parameter { name, place: "query", is_required: false }
}

const KEY: Parameter = Parameter { name: "Idempotency-Key", place: "header", is_required: true };
const IF_MATCH: Parameter = Parameter { name: "If-Match", place: "header", is_required: false };

const WINDOW: &[Parameter] = &[query("fromDate"), query("toDate")];
const SINCE: &[Parameter] = &[query("since"), query("limit")];
const STREAM: &[Parameter] =
    &[query("since"), Parameter { name: "Last-Event-ID", place: "header", is_required: false }];
const SCHEDULER: &[Parameter] =
    &[query("id"), query("clientMeetingId"), query("organizerCIUserId")];
const STATE: &[Parameter] = &[query("state")];
const USER: &[Parameter] = &[query("userId")];
const WITH_MEETINGS: &[Parameter] = &[query("meetings")];
const PREFER: &[Parameter] = &[Parameter { name: "Prefer", place: "header", is_required: false }];
const WRITE: &[Parameter] = &[KEY];
const WRITE_TO: &[Parameter] = &[KEY, IF_MATCH];

pub(super) fn operations() -> Vec<Operation> {
    use Answer::{Accepted, Empty, Events, Json};
    let op = |path, method, summary, body, answer, parameters| Operation {
        path,
        method,
        summary,
        body,
        answer,
        parameters,
    };
    let get = |path, summary, answer, parameters| {
        op(path, Method::GET, summary, None, answer, parameters)
    };
    let post = |path, summary, body, answer, parameters| {
        op(path, Method::POST, summary, Some(body), answer, parameters)
    };
    vec![
        get(routes::SITE, "Where things are", Json("Site"), &[]),
        get(routes::HEALTH, "Whether the database answers", Empty, &[]),
        get(routes::API, "This document", Json("Document"), &[]),
        get(routes::MEETINGS, "All meetings that touch a window", Json("MeetingList"), WINDOW),
        get(routes::MEETING, "One meeting", Json("Meeting"), &[]),
        get(routes::MEETING_NOTES, "Its agenda", Json("MeetingNotes"), &[]),
        get(routes::MEETING_PARTICIPANTS, "Who takes part", Json("MeetingParticipants"), &[]),
        post(routes::MEETINGS_SYNC, "Create", "SignedCommand", Json("MeetingDone"), WRITE),
        op(
            routes::MEETING_SYNC,
            Method::PATCH,
            "Change",
            Some("SignedCommand"),
            Json("MeetingDone"),
            WRITE_TO,
        ),
        op(
            routes::MEETING_SYNC,
            Method::DELETE,
            "Call off",
            Some("SignedCommand"),
            Json("Nothing"),
            WRITE_TO,
        ),
        post(
            routes::MEETING_RESPOND,
            "Accept, perhaps, or decline",
            "SignedCommand",
            Json("Nothing"),
            WRITE_TO,
        ),
        post(
            routes::FREE_BUSY,
            "Who is free; answered by an event",
            "FreeBusyRequest",
            Accepted("FreeBusyAccepted"),
            &[],
        ),
        post(routes::ROOMS, "Which rooms there are", "SignedCommand", Json("RoomsAnswer"), WRITE),
        get(
            routes::SCHEDULER_DATA,
            "What a form for a meeting begins with",
            Json("SchedulerData"),
            SCHEDULER,
        ),
        get(routes::CHANGES, "What happened since a position", Json("Changes"), SINCE),
        get(routes::EVENTS, "What happens", Events, STREAM),
        get(routes::JOIN_BUTTONS, "Which are shown", Json("JoinButtons"), STATE),
        get(routes::COMPOSITIONS, "Whether somebody is away", Json("Status"), USER),
        post(routes::COMPOSITIONS, "Of several", "Subjects", Json("StatusList"), &[]),
        get(routes::KEY_SERVER, "Which key server answers", Json("KeyServerSite"), &[]),
        post(
            routes::KEY_FRAMES,
            "Frames for it; answered here with `Prefer: wait=5`, else by an event",
            "FramesUp",
            Json("FramesDown"),
            PREFER,
        ),
        post(
            routes::KEY_CALLS,
            "What people ask the key server; waits for something",
            "CallsRequest",
            Json("Calls"),
            &[],
        ),
        post(routes::KEY_ANSWERS, "What it answers", "Call", Empty, &[]),
        post(routes::LEASES, "Take or renew", "LeaseRequest", Json("LeaseAnswer"), &[]),
        get(
            routes::MAILBOX_STATE,
            "What a connector remembers",
            Json("MailboxState"),
            WITH_MEETINGS,
        ),
        post(routes::MAILBOX_COMMITS, "Meetings and state", "Commit", Json("Committed"), &[]),
        post(routes::MAILBOX_PRESENCE, "Who is away", "PresenceReport", Json("Nothing"), &[]),
        post(
            routes::COMMANDS,
            "What people ordered; waits for something",
            "CommandsRequest",
            Json("WaitingCommands"),
            &[],
        ),
        post(routes::COMMAND_RESULT, "What became of it", "CommandResult", Json("Nothing"), &[]),
        post(routes::TRUST_REPORTS, "Hosts met", "TrustReport", Json("TrustList"), &[]),
        get(routes::TRUSTED_HOSTS, "Hosts and decisions", Json("TrustList"), &[]),
        post(routes::TRUSTED_HOSTS, "Decide", "TrustDecision", Json("TrustedHost"), &[]),
    ]
}
