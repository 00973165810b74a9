-- Everything belongs to an organization, so that several may share a database. What was there belongs
-- to the one that opens it; `opening` is made by the program for this step and for no longer.

create table new_head (
    organization TEXT not null,
    user_id TEXT not null,
    rev BIGINT not null,
    primary key (organization, user_id)
);
insert into new_head (organization, user_id, rev)
    select opening.organization, head.user_id, head.rev from head, opening;
drop table head;
alter table new_head rename to head;

create table new_meeting (
    organization TEXT not null,
    user_id TEXT not null,
    id TEXT not null,
    series TEXT not null,
    starts_at BIGINT not null,
    ends_at BIGINT not null,
    rev BIGINT not null,
    user_rev BIGINT not null,
    has_join BIGINT not null,
    body TEXT not null,
    primary key (organization, user_id, id)
);
insert into new_meeting
    (organization, user_id, id, series, starts_at, ends_at, rev, user_rev, has_join, body)
    select organization, user_id, id, series, starts_at, ends_at, rev, user_rev, has_join, body
    from meeting;
drop table meeting;
alter table new_meeting rename to meeting;
create index meeting_by_end on meeting (organization, user_id, ends_at);
create index meeting_by_age on meeting (organization, ends_at);

create table new_change (
    organization TEXT not null,
    user_id TEXT not null,
    rev BIGINT not null,
    meeting_id TEXT not null,
    kind TEXT not null check (kind in ('create', 'update', 'delete')),
    at BIGINT not null,
    primary key (organization, user_id, rev)
);
insert into new_change (organization, user_id, rev, meeting_id, kind, at)
    select opening.organization, change.user_id, change.rev, change.meeting_id, change.kind, change.at
    from change, opening;
drop table change;
alter table new_change rename to change;
create index change_by_age on change (organization, at);

create table new_mailbox_state (
    organization TEXT not null,
    user_id TEXT not null,
    version BIGINT not null,
    lease_epoch BIGINT not null,
    sealed_state TEXT not null,
    primary key (organization, user_id)
);
insert into new_mailbox_state (organization, user_id, version, lease_epoch, sealed_state)
    select opening.organization, mailbox_state.user_id, mailbox_state.version,
           mailbox_state.lease_epoch, mailbox_state.sealed_state
    from mailbox_state, opening;
drop table mailbox_state;
alter table new_mailbox_state rename to mailbox_state;

create table new_commit_result (
    organization TEXT not null,
    user_id TEXT not null,
    batch_id TEXT not null,
    version BIGINT not null,
    user_rev BIGINT not null,
    primary key (organization, user_id, batch_id)
);
insert into new_commit_result (organization, user_id, batch_id, version, user_rev)
    select opening.organization, commit_result.user_id, commit_result.batch_id,
           commit_result.version, commit_result.user_rev
    from commit_result, opening;
drop table commit_result;
alter table new_commit_result rename to commit_result;

create table new_presence (
    organization TEXT not null,
    user_id TEXT not null,
    state TEXT not null check (state in ('ooo', 'available')),
    until_at BIGINT,
    since_at BIGINT not null,
    primary key (organization, user_id)
);
insert into new_presence (organization, user_id, state, until_at, since_at)
    select opening.organization, presence.user_id, presence.state, presence.until_at,
           presence.since_at
    from presence, opening;
drop table presence;
alter table new_presence rename to presence;
