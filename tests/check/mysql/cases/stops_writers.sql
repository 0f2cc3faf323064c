SET SESSION lock_wait_timeout = 5;
ALTER TABLE customers ADD FULLTEXT KEY note (note);
ALTER TABLE orders ADD KEY total (total), LOCK=SHARED;
ALTER TABLE orders ADD KEY state (state), LOCK=EXCLUSIVE;
