CREATE TABLE berth (
	id INTEGER PRIMARY KEY,
	name TEXT NOT NULL UNIQUE,
	length_cm INTEGER NOT NULL
);
CREATE TABLE boat (
	id INTEGER PRIMARY KEY,
	name TEXT NOT NULL,
	sign TEXT NOT NULL UNIQUE,
	length_cm INTEGER NOT NULL
);
CREATE TABLE stay (
	id INTEGER PRIMARY KEY,
	berth_id INTEGER NOT NULL REFERENCES berth (id),
	boat_id INTEGER NOT NULL REFERENCES boat (id),
	arrival TEXT NOT NULL,
	departure TEXT NOT NULL,
	CHECK (arrival < departure)
);
INSERT INTO berth (name, length_cm) VALUES ('A1', 800), ('A2', 800), ('B1', 1200), ('C1', 1800);
