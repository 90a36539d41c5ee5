"""Rates by size, from a table beside the code."""
import os

TABLE = os.path.join(os.path.dirname(os.path.dirname(__file__)), "data", "rates.txt")


def load(path=TABLE):
    with open(path) as f:
        return [tuple(int(n) for n in line.split()) for line in f if line.strip()]


def per_ton(tons):
    rate = 0
    for limit, price in load():
        if tons >= limit:
            rate = price
    return rate


def describe(table):
    return ", ".join("from %d: %d" % row for row in table)
