-- In the schema of every agent that has gapless numbers (platform/numbers/): the last number of each series of an owner.
-- Its rows are drawn from one after the other, and updated in place: free space in a page keeps them there.
create table number_series (
  owner     text not null,
  series    text not null,
  -- The year of the numbers, or 0 for a series that never restarts.
  year      int not null check (year >= 0),
  last      bigint not null check (last > 0),
  -- When the last number was issued: a later number is never issued before it.
  issued_at timestamptz(3) not null,
  primary key (owner, series, year)
) with (fillfactor = 50);
