-- MyISAM in all its forms: with a word index, rows of one length, a counter per group (which InnoDB refuses).
-- what_if: true
CREATE TABLE log (id int PRIMARY KEY AUTO_INCREMENT, what varchar(20), KEY what (what(5)), FULLTEXT KEY words (what))
  ENGINE = MyISAM COMMENT = 'kept';
INSERT INTO log (what) VALUES ('one'), ('two');
CREATE TABLE fixed (id int PRIMARY KEY, what char(20)) ENGINE = MyISAM ROW_FORMAT = FIXED CHECKSUM = 1;
CREATE TABLE per_group (g int NOT NULL, n int NOT NULL AUTO_INCREMENT, PRIMARY KEY (g, n)) ENGINE = MyISAM;

-- workload
-- calls: 7
INSERT INTO log (what) VALUES ('three');
