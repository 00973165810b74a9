-- Keys, wrapped by the master key, and the log of who was given them.
-- SQLite and PostgreSQL alike: text, bigint and bytea only.

create table if not exists settings (
    name  text  not null primary key,
    value bytea not null
);

-- The current key of a resource and purpose is the one with the highest epoch.
create table if not exists keys (
    id       text   not null primary key,
    resource text   not null,
    purpose  text   not null,
    epoch    bigint not null,
    made     text   not null,
    wrapped  bytea  not null,
    unique (resource, purpose, epoch)
);

-- Only ever appended to. Each row's hash covers the row and the hash before it.
create table if not exists audit (
    seq    bigint not null primary key,
    time   text   not null,
    actor  text   not null,
    op     text   not null,
    object text   not null,
    result bigint not null,
    hash   bytea  not null
);
