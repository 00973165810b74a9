-- Who is away, as far as a connector says: a state and a time, no text.
create table presence (
    user_id TEXT primary key,
    state TEXT not null check (state in ('ooo', 'available')),
    until_at BIGINT,
    since_at BIGINT not null
);
