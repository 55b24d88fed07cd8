-- How often the job was begun since it came further: what its next try waits by, where `attempts` counts its whole life.
alter table job add column tries int not null default 0;
