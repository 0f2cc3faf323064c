-- Silent: no statement reads it.
DROP INDEX CONCURRENTLY lines_product_idx;
