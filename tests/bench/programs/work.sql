-- What the row "sqlite3" runs.
CREATE TABLE item (id INTEGER PRIMARY KEY, name TEXT, price REAL, kind INT);
BEGIN;
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 30000)
INSERT INTO item SELECT i, 'item ' || (i * 7919 % 30011), i % 997 / 8.0,
    i * 31 % 50 FROM n;
COMMIT;
CREATE INDEX by_name ON item (name);
SELECT kind, count(*), sum(price), min(name) FROM item GROUP BY kind;
SELECT count(*) FROM item a JOIN item b ON b.name = 'item ' || a.id
    WHERE a.kind < 20;
UPDATE item SET price = price * 2 WHERE name LIKE '%77%';
DELETE FROM item WHERE id % 3 = 0;
SELECT count(*), sum(price) FROM item;
