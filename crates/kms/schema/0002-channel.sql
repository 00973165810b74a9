-- What the published protocol knows beside our own keys: keys born unbound, resources, who may have
-- their keys, and channels with the answers given in them. Times are milliseconds since 1970.

create table if not exists shared_keys (
    id       text   not null primary key,
    creator  text   not null,
    client   text   not null,
    made     bigint not null,
    -- Empty while unbound.
    resource text   not null,
    bound    bigint not null,
    wrapped  bytea  not null
);
create index if not exists shared_keys_of_resource on shared_keys (resource, bound);
create index if not exists shared_keys_of_creator on shared_keys (creator, resource);

create table if not exists resources (
    id      text   not null primary key,
    creator text   not null,
    made    bigint not null
);
create index if not exists resources_of_creator on resources (creator);

create table if not exists authorizations (
    id       text not null primary key,
    resource text not null,
    holder   text not null,
    unique (resource, holder)
);
create index if not exists authorizations_of_holder on authorizations (holder);

create table if not exists channels (
    id        text   not null primary key,
    -- Of the first frame: a repeated one gets the same answer.
    handshake text   not null unique,
    caller    text   not null,
    secret    bytea  not null,
    answer    text   not null,
    ends      bigint not null
);
create index if not exists channels_of_caller on channels (caller, ends);

create table if not exists channel_answers (
    channel text   not null,
    request text   not null,
    answer  text   not null,
    primary key (channel, request)
);
