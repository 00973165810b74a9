-- Everything the cloud keeps. Times are microseconds since 1970; texts named `body` and
-- `sealed_state` hold what only clients and connectors can open.

create table site (
    one BIGINT primary key check (one = 1),
    incarnation BIGINT not null
);
insert into site (one, incarnation) values (1, 1);

-- Newest revision of each user: one row, locked by whoever changes that user's list.
create table head (
    user_id TEXT primary key,
    rev BIGINT not null
);

create table meeting (
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
    primary key (user_id, id)
);
create index meeting_by_end on meeting (user_id, ends_at);
create index meeting_by_age on meeting (ends_at);

-- What happened at each revision; the meeting's present state is in `meeting`.
create table change (
    user_id TEXT not null,
    rev BIGINT not null,
    meeting_id TEXT not null,
    kind TEXT not null check (kind in ('create', 'update', 'delete')),
    at BIGINT not null,
    primary key (user_id, rev)
);
create index change_by_age on change (at);

create table mailbox_state (
    user_id TEXT primary key,
    version BIGINT not null,
    lease_epoch BIGINT not null,
    sealed_state TEXT not null
);

-- Answers given to commits, so that a repeated one gets the same.
create table commit_result (
    user_id TEXT not null,
    batch_id TEXT not null,
    version BIGINT not null,
    user_rev BIGINT not null,
    primary key (user_id, batch_id)
);

-- Each connector has leases of its own; only processes of the same connector wait for each other.
create table lease (
    organization TEXT not null,
    connector TEXT not null,
    shard BIGINT not null,
    owner TEXT not null,
    epoch BIGINT not null,
    until_at BIGINT not null,
    primary key (organization, connector, shard)
);
