-- What the Mesh stand-in is told to do wrong, and what time it believes it is: kept, so that a restart changes neither.

-- One rule of the set that was last put.
create table sandbox.fault (
    id uuid primary key,
    -- Of several rules for the same, the first strikes.
    position int not null,
    -- Written by the stand-in from what it checked.
    rule jsonb not null,
    -- Null until it is removed.
    uses_left bigint,
    constraint fault_uses_left_is_positive check (uses_left > 0)
);

-- The stand-in's clock; without a row it is the machine's.
create table sandbox.clock (
    only_one boolean primary key default true,
    offset_microseconds bigint not null,
    -- While it stands still.
    frozen_at timestamptz,
    constraint clock_is_only_one check (only_one)
);

-- How many posts of it are signed wrongly before one is signed rightly.
alter table sandbox.webhook
    add column wrong_signatures int not null default 0,
    add constraint webhook_wrong_signatures_range check (wrong_signatures between 0 and 1000000);

grant select, insert, update, delete on sandbox.fault, sandbox.clock to subgate_sandbox;
