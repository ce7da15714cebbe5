-- One of everything that MariaDB's dumps hold. Loaded by the real client into the server, dumped by the real mariadb-dump.
SET NAMES utf8mb4;
CREATE DATABASE everything CHARACTER SET utf8mb4;
USE everything;
CREATE SEQUENCE numbers START WITH 100 INCREMENT BY 7 CACHE 3;
SELECT NEXTVAL(numbers), NEXTVAL(numbers);
CREATE TABLE parent (id INT NOT NULL AUTO_INCREMENT, code VARCHAR(20) NOT NULL, `we``ird;name` TEXT, PRIMARY KEY (id), UNIQUE KEY code_is_one (code)) ENGINE=InnoDB COMMENT='a; comment -- with `everything` /* in */ it, é';
INSERT INTO parent (code, `we``ird;name`) VALUES ('a', 'semi;colon'), ('b', 'quote''s and \\ backslash\\'), ('c', '-- no comment\n/* nor this */'), ('d', 'line\nbreak\r\n\ttab\0nul'), ('e', NULL);
CREATE TABLE child (id INT NOT NULL, parent INT, other VARCHAR(20), amount DECIMAL(30,10), PRIMARY KEY (id), KEY by_parent (parent), KEY by_both (other, amount DESC), CONSTRAINT child_parent FOREIGN KEY (parent) REFERENCES parent (id) ON DELETE SET NULL, CONSTRAINT child_code FOREIGN KEY (other) REFERENCES parent (code) ON UPDATE CASCADE, CONSTRAINT amount_is_not_negative CHECK (amount >= 0)) ENGINE=InnoDB;
INSERT INTO child SELECT seq, 1 + seq MOD 5, ELT(1 + seq MOD 5, 'a', 'b', 'c', 'd', 'e'), seq * 1.0000000001 FROM seq_1_to_60000;
CREATE TABLE circle_a (id INT PRIMARY KEY, b INT) ENGINE=InnoDB;
CREATE TABLE circle_b (id INT PRIMARY KEY, a INT, FOREIGN KEY (a) REFERENCES circle_a (id)) ENGINE=InnoDB;
ALTER TABLE circle_a ADD FOREIGN KEY (b) REFERENCES circle_b (id);
SET foreign_key_checks=0;
INSERT INTO circle_a VALUES (1, 1), (2, 2);
INSERT INTO circle_b VALUES (1, 1), (2, 2);
SET foreign_key_checks=1;
CREATE TABLE raw (id INT NOT NULL AUTO_INCREMENT, b VARBINARY(300), l LONGBLOB, t TEXT CHARACTER SET latin1, s VARCHAR(50) CHARACTER SET sjis, PRIMARY KEY (id), KEY by_prefix (b(10))) ENGINE=InnoDB;
INSERT INTO raw (b, l, t, s) VALUES (UNHEX('000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f2227275c5c60253b'), REPEAT(UNHEX('00ff5c27'), 5000), CONVERT(UNHEX('e4f6fcdf') USING latin1), CONVERT(UNHEX('955c97e59581') USING sjis));
INSERT INTO raw (b, l) SELECT UNHEX(MD5(seq)), UNHEX(REPEAT(SHA1(seq), 1 + seq MOD 90)) FROM seq_1_to_3000;
CREATE TABLE plain_myisam (id INT NOT NULL, t VARCHAR(100), KEY (id), FULLTEXT KEY words (t)) ENGINE=MyISAM;
INSERT INTO plain_myisam SELECT seq, MD5(seq) FROM seq_1_to_5000;
CREATE TABLE plain_aria (id INT NOT NULL PRIMARY KEY, t VARCHAR(100), KEY by_t (t)) ENGINE=Aria TRANSACTIONAL=1;
INSERT INTO plain_aria SELECT seq, MD5(seq) FROM seq_1_to_5000;
CREATE TABLE no_key (a INT, b VARCHAR(20), KEY by_a (a), UNIQUE KEY by_b (b)) ENGINE=InnoDB;
INSERT INTO no_key SELECT seq MOD 100, CONCAT('b', seq) FROM seq_1_to_40000;
CREATE TABLE counted_by_other_key (a INT NOT NULL, n BIGINT NOT NULL AUTO_INCREMENT, PRIMARY KEY (a), KEY counter (n), KEY by_both (n, a)) ENGINE=InnoDB;
INSERT INTO counted_by_other_key (a) SELECT seq FROM seq_1_to_60000;
CREATE TABLE generated (id INT PRIMARY KEY, j JSON, v VARCHAR(40) AS (JSON_VALUE(j, '$.name')) VIRTUAL, p INT AS (id * 2) PERSISTENT, invisible_one INT INVISIBLE DEFAULT 5, KEY by_v (v), KEY by_p (p)) ENGINE=InnoDB;
INSERT INTO generated (id, j) SELECT seq, JSON_OBJECT('name', CONCAT('n', seq), 'quote', '"\'\\') FROM seq_1_to_20000;
CREATE TABLE everywhere (id INT PRIMARY KEY, g POINT NOT NULL, t TEXT, d DATETIME(6), ts TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP, y YEAR, b BIT(17), e ENUM('x','y''z','a;b'), st SET('p','q'), f DOUBLE, u UUID, ip INET6, SPATIAL KEY places (g), FULLTEXT KEY words (t)) ENGINE=InnoDB;
INSERT INTO everywhere SELECT seq, POINT(seq, -seq), CONCAT('word', seq, ' other'), '2038-01-19 03:14:08.999999', '2001-02-03 04:05:06', 2000 + seq MOD 100, seq, 1 + seq MOD 3, 'p,q', seq / 3, UUID(), '::ffff:10.0.0.1' FROM seq_1_to_3000;
CREATE TABLE parts (id INT NOT NULL, d DATE NOT NULL, PRIMARY KEY (id, d), KEY by_d (d)) ENGINE=InnoDB PARTITION BY RANGE (YEAR(d)) (PARTITION p0 VALUES LESS THAN (2010), PARTITION p1 VALUES LESS THAN (2020), PARTITION pmax VALUES LESS THAN MAXVALUE);
INSERT INTO parts SELECT seq, DATE_ADD('2005-01-01', INTERVAL seq HOUR) FROM seq_1_to_150000;
CREATE TABLE versioned (id INT PRIMARY KEY, v INT, KEY by_v (v)) ENGINE=InnoDB WITH SYSTEM VERSIONING;
INSERT INTO versioned SELECT seq, seq FROM seq_1_to_100;
CREATE TABLE default_from_sequence (id BIGINT NOT NULL DEFAULT NEXTVAL(numbers), a INT, PRIMARY KEY (id)) ENGINE=InnoDB;
INSERT INTO default_from_sequence (a) VALUES (1), (2), (3);
CREATE TABLE empty_one (id INT PRIMARY KEY, a INT, KEY by_a (a)) ENGINE=InnoDB;
CREATE TABLE `select` (`from` INT PRIMARY KEY, `ключ ;` VARCHAR(30), KEY `índex` (`ключ ;`)) ENGINE=InnoDB;
INSERT INTO `select` VALUES (1, 'значение'), (2, '💾');
CREATE TABLE log (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, what VARCHAR(100)) ENGINE=InnoDB;
DELIMITER $$
CREATE TRIGGER child_in BEFORE INSERT ON child FOR EACH ROW BEGIN
  -- INSERT INTO `parent` VALUES (1,'x');
  IF NEW.amount IS NULL THEN SET NEW.amount = 0; END IF;
  INSERT INTO log (what) VALUES (CONCAT('child; ', NEW.id, ' "$$"'));
END$$
CREATE TRIGGER child_out AFTER DELETE ON child FOR EACH ROW INSERT INTO log (what) VALUES ('gone')$$
CREATE FUNCTION twice(n INT) RETURNS INT DETERMINISTIC BEGIN /* ; */ RETURN n * 2; END$$
CREATE PROCEDURE clean(IN age INT) BEGIN DECLARE i INT DEFAULT 0; WHILE i < age DO SET i = i + 1; END WHILE; SELECT 'DELIMITER ;'; END$$
CREATE EVENT nightly ON SCHEDULE EVERY 1 DAY STARTS '2030-01-01 00:00:00' DO BEGIN DELETE FROM log WHERE id < 0; END$$
DELIMITER ;
SET sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES,PIPES_AS_CONCAT';
DELIMITER $$
CREATE PROCEDURE in_another_mode() BEGIN SELECT 'back\slash' || "what" FROM log; END$$
DELIMITER ;
SET sql_mode = DEFAULT;
CREATE VIEW view_b AS SELECT c.id, p.code, twice(c.id) AS twice FROM child c JOIN parent p ON p.id = c.parent;
CREATE VIEW view_a AS SELECT * FROM view_b WHERE code = 'a';
CREATE ALGORITHM=MERGE SQL SECURITY INVOKER VIEW view_c AS SELECT `from`, `ключ ;` FROM `select` WHERE `from` > 0 WITH CASCADED CHECK OPTION;
