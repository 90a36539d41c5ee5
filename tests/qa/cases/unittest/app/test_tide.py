import os, signal, time, unittest
MODE = os.environ["MODE"]

class Tide(unittest.TestCase):
    def test_alpha(self):
        pass

    def test_beta(self):
        """The second tide."""
        if MODE == "fail":
            self.assertEqual("low", "high")
        if MODE == "crash":
            os.kill(os.getpid(), signal.SIGSEGV)
        if MODE == "skip":
            self.skipTest("no moon")
        if MODE == "kill":
            time.sleep(600)

    def test_gamma(self):
        for depth in (1, 2):
            with self.subTest(depth=depth):
                self.assertTrue(MODE != "fail" or depth == 1)
