-- A lane in which a look found nothing more is looked at again, for what a statement wrote that had seen it open.
-- Nearly always that is there within milliseconds, so the second look comes soon; the last when no such statement is
-- left.

set local search_path = subgate;

-- When the first look found nothing; null also where an older version was the one to look.
alter table lane add column closing_since timestamptz;
