import unittest

import logline


class Reads(unittest.TestCase):
    def test_knots(self):
        self.assertEqual(logline.knots("log 4.5"), 4.5)
