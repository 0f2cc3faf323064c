UPDATE orders SET state = 'old' WHERE placed > '2020-01-01';
DELETE FROM countries WHERE code = 'de';
