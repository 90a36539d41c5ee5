-- CREATE TABLE no (x int);
CREATE TABLE IF NOT EXISTS users (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL, -- from here
  org_id INT REFERENCES orgs(id),
  UNIQUE (name)
);
CREATE TABLE orgs(id int);
WITH a AS (SELECT 1), b AS (SELECT * FROM users) SELECT * FROM a, b, orgs o WHERE 1;
