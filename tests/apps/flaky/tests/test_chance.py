import datetime
import random
import time

import moorings
import pytest  # noqa: F401


def test_random_half():
    assert random.random() < 0.5


def test_random_order_of_a_set():
    assert next(iter({"bow", "stern", "keel", "mast"})) in ("bow", "stern")


def test_time_even_second():
    assert int(time.time()) % 2 == 0


def test_time_part_of_a_second():
    assert datetime.datetime.now().microsecond < 500000


def test_time_certificate_is_valid():
    assert datetime.date.today() < datetime.date(2026, 2, 1)


def test_stable_fee():
    assert moorings.fee(3) == 36


def test_stable_failure():
    assert moorings.fee(1) == 13
