-- The number of a version of the access rules can come back: a restored backup has a lower one, and as many changes as
-- were lost lead to the same number again. So each version also has a random stamp.
alter table access_version add column stamp bigint not null default 0;

create function access_stamped() returns trigger language plpgsql as $$
begin
    new.stamp := ('x' || left(md5(random()::text || clock_timestamp()::text || txid_current()::text), 16))::bit(64)::bigint;
    return new;
end
$$;

create trigger access_version_stamped before update of version on access_version
for each row execute function access_stamped();
update access_version set version = version;
