-- What was refused of an import, row by row: code, message, and the path in its input.
alter table import add column errors jsonb not null default '[]';
