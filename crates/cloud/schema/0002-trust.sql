-- Hosts that Autodiscover was sent to, and what administrators decided about them. Hosts are no
-- content; the administrator's address is one of those in the configuration.

create table trusted_host (
    organization TEXT not null,
    host TEXT not null,
    decision TEXT not null check (decision in ('pending', 'allowed', 'blocked')),
    seen_at BIGINT not null,
    seen_by TEXT,
    decided_by TEXT,
    decided_at BIGINT,
    primary key (organization, host)
);
