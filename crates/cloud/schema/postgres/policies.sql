-- PostgreSQL only, after every step: each table with an organization shows and takes only rows of
-- the organization that the connection was made for, whatever the statement says. Without one it
-- shows nothing. "Force", since our own role owns the tables.

do $policies$
declare
    own record;
begin
    for own in
        select columns.table_name as name
        from information_schema.columns
        where columns.table_schema = current_schema() and columns.column_name = 'organization'
    loop
        execute format('alter table %I enable row level security', own.name);
        execute format('alter table %I force row level security', own.name);
        execute format('drop policy if exists own_organization on %I', own.name);
        execute format(
            'create policy own_organization on %I using '
            '(organization = current_setting(''hybridcal.organization'', true))',
            own.name
        );
    end loop;
end
$policies$;
