import unittest

from tariff import dues


class Days(unittest.TestCase):
    def test_a_part_counts_as_a_day(self):
        self.assertEqual(dues.days(25), 2)

    def test_a_whole_day(self):
        self.assertEqual(dues.days(24), 1)


class Dues(unittest.TestCase):
    def test_small(self):
        self.assertEqual(dues.due(10, 24), 5)

    def test_large(self):
        self.assertEqual(dues.due(2000, 30), 40)


class Accounts(unittest.TestCase):
    def test_is_empty(self):
        self.assertEqual(dues.Account("Brig").total(), 0)

    def test_refund(self):
        account = dues.Account("Brig")
        account.refund(3)
        self.assertEqual(account.total(), -3)

    def test_says_what_is_owed(self):
        account = dues.Account("Brig")
        account.charge(100, 24)
        self.assertEqual(str(account), "Brig owes 8")
