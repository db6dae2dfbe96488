-- A node that is found dead stays known for a while: the server goes on with what it had sent before, and what that
-- commits is found under its name and given back too.

set local search_path = subgate;

-- Null while it shows that it lives, and where an older version looked: that forgets it at once.
alter table node add column dead_since timestamptz;
