-- The lines of jobs that do something with many accounts or people, one deed each. What a line is to do, and for whom, is
-- sealed under the master key together with its place: what is put in or changed with SQL must not become a deed.
-- The mark is what was there before a deed that must not be done twice, to tell after a crash whether it was done.
create table job_lines (
    job_id text not null references jobs (id) on delete cascade,
    line bigint not null,
    key_id text not null,
    sealed text not null,
    state text not null,
    outcome text,
    mark text,
    attempts bigint not null,
    not_before bigint not null,
    changed bigint not null,
    created bigint not null,
    constraint job_lines_job_line_unique primary key (job_id, line)
);
create index job_lines_created on job_lines (created);
