-- PostgreSQL only, before steps: they move the rows of all organizations. Within one transaction, which
-- has the tables to itself.

do $policies$
declare
    own record;
begin
    for own in
        select columns.table_name as name
        from information_schema.columns
        where columns.table_schema = current_schema() and columns.column_name = 'organization'
    loop
        execute format('alter table %I no force row level security', own.name);
    end loop;
end
$policies$;
