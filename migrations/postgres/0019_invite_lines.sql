-- The lines of lists of people to invite, until their invites are created and their links were fetched. What a line says is
-- sealed under the master key together with its place: it has personal data, and what is put in or changed with SQL must
-- not become an invite. The outcome is missing until the line is done, and empty if there is an invite for it.
create table invite_lines (
    job_id text not null references jobs (id) on delete cascade,
    line bigint not null,
    creator text not null references users (id) on delete cascade,
    key_id text not null,
    sealed text not null,
    outcome text,
    created bigint not null,
    constraint invite_lines_job_line_unique primary key (job_id, line)
);
create index invite_lines_creator on invite_lines (creator);
create index invite_lines_created on invite_lines (created);
