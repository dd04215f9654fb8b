-- The number of a version of the access rules can come back: a restored backup has a lower one, and as many changes as
-- were lost lead to the same number again. So each version also has a random stamp.
alter table access_version add column stamp bigint not null default 0;
update access_version set stamp = random();

create trigger access_version_stamped after update of version on access_version
begin update access_version set stamp = random(); end;
