-- What an administrator did to keys; which keys are gone for good; finding the log's rows of a key.

create table if not exists key_changes (
    serial   bigint not null primary key,
    what     text   not null,
    resource text   not null,
    at_ms    bigint not null
);

create index if not exists key_changes_resource on key_changes (resource, serial);

-- So that whoever was permitted a key hears that it is gone, and others that there is none.
create table if not exists erased_keys (
    id       text not null primary key,
    resource text not null,
    purpose  text not null
);

create index if not exists audit_object on audit (object, seq);
