import os

import moorings


def test_stable_first():
    assert moorings.fee(1) == 12


def test_moors_and_leaves_it():
    moorings.moor("A1", "Gannet")
    assert moorings.taken["A1"] == "Gannet"


def test_writes_a_note():
    with open("note.txt", "w") as f:
        f.write("closed")


def test_stable_between():
    assert moorings.fee(2) == 24


def test_order_berth_is_free():
    moorings.moor("A1", "Petrel")


def test_order_no_note():
    assert not os.path.exists("note.txt")
