import unittest

import harbour


class Tides(unittest.TestCase):
    def test_deepest(self):
        self.assertEqual(harbour.deepest(), 6)
