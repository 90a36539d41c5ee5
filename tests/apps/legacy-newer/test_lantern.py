import unittest

import lantern


class Burns(unittest.TestCase):
    def test_with_oil(self):
        self.assertTrue(lantern.burns(1))


if __name__ == "__main__":
    unittest.main()
