SET SESSION lock_wait_timeout = 5;
DELIMITER //
CREATE PROCEDURE add_total()
BEGIN
  IF NOT EXISTS (SELECT 1 FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = DATABASE() AND INDEX_NAME = 'total') THEN
    ALTER TABLE orders ADD INDEX total (total);
  END IF;
END//
CALL add_total()//
DELIMITER ;
DROP PROCEDURE add_total;
SET @drop = IF(1 = 1, 'ALTER TABLE orders DROP INDEX placed', 'DO 0');
PREPARE step FROM @drop;
EXECUTE step;
DEALLOCATE PREPARE step;
