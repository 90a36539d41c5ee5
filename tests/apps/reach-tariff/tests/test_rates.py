import unittest

from tariff import rates


class Rates(unittest.TestCase):
    def test_describe(self):
        self.assertEqual(rates.describe([(0, 5)]), "from 0: 5")

    def test_per_ton(self):
        self.assertEqual(rates.per_ton(500), 8)
