-- Devices that sign commands for a user: public keys only.

create table if not exists devices (
    user_id text   not null,
    id      text   not null,
    x       text   not null,
    y       text   not null,
    made_ms bigint not null,
    primary key (user_id, id)
);
