-- Run outside a transaction. It fails, since two payments share a reference, and leaves an invalid index behind.
CREATE UNIQUE INDEX CONCURRENTLY payments_provider_reference_key ON payments (provider_reference);
