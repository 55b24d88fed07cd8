create table category (
  id         text primary key,
  slug       text not null unique,
  name       text not null,
  parent_id  text references category (id),
  -- The ids from the top down to this one, with a slash before and behind each: what lies below is found by prefix.
  path       text not null unique,
  position   int not null default 0,
  version    int not null default 1,
  created_at timestamptz(3) not null
);
create index category_parent on category (parent_id, position, id);
create index category_path on category (path text_pattern_ops);

create table product (
  id          text primary key,
  merchant_id text not null,
  slug        text not null unique,
  name        text not null,
  description text not null,
  status      text not null check (status in ('DRAFT', 'ACTIVE', 'ARCHIVED')),
  category_id text references category (id),
  version     int not null default 1,
  created_at  timestamptz(3) not null,
  updated_at  timestamptz(3) not null
);
create index product_by_time on product (created_at, id);
create index product_by_name on product (name, id);
create index product_category on product (category_id, created_at, id);
create index product_merchant on product (merchant_id, created_at, id);

create table variant (
  id         text primary key,
  product_id text not null references product (id),
  sku        text not null unique,
  name       text not null,
  attributes jsonb not null default '[]',
  tax_class  text not null default 'STANDARD' check (tax_class in ('STANDARD', 'REDUCED', 'ZERO')),
  position   int not null,
  version    int not null default 1,
  created_at timestamptz(3) not null,
  unique (product_id, position)
);
