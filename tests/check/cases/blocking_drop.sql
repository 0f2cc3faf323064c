-- No statement needs the index, but dropping it so waits for all.
DROP INDEX lines_product_idx;
