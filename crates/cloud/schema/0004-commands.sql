-- What people ordered: sealed for the connector and signed by a device. `body` is emptied once it is
-- done; the row stays for a day, so that a repeated request gets the first answer.

create table command (
    organization TEXT not null,
    user_id TEXT not null,
    idempotency_key TEXT not null,
    shard BIGINT not null,
    request_hash TEXT not null,
    accepted_at BIGINT not null,
    expires_at BIGINT not null,
    body TEXT not null,
    outcome TEXT,
    primary key (organization, user_id, idempotency_key)
);
create index command_by_shard on command (organization, shard, accepted_at);
create index command_by_age on command (accepted_at);
