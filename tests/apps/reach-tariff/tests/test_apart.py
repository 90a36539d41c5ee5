import os
import subprocess
import sys
import unittest

DATA = os.path.join(os.path.dirname(os.path.dirname(__file__)), "data")


class Apart(unittest.TestCase):
    # Two children come to another module each, in turn.
    def test_forked(self):
        ready, go = os.pipe(), os.pipe()
        first = os.fork()
        if first == 0:
            from tariff import tides
            os.write(ready[1], b".")
            os.read(go[0], 1)
            os._exit(tides.high(2))
        os.read(ready[0], 1)
        second = os.fork()
        if second == 0:
            from tariff import sluice
            os._exit(sluice.width(1))
        widths = os.waitpid(second, 0)[1]
        os.write(go[1], b".")
        self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(first, 0)[1]), 13)
        self.assertEqual(os.waitstatus_to_exitcode(widths), 3)

    def test_without_environment(self):
        from tariff import sluice
        said = subprocess.check_output([sys.executable, "-B", "-m", sluice.__name__], env={})
        self.assertEqual(said, b"True 6\n")

    # Of what is made once, the tests behind it see what was made.
    def test_made(self):
        made = os.path.join(DATA, "made.txt")
        if not os.path.exists(made):
            with open(os.path.join(DATA, "berths.txt")) as f, open(made, "w") as to:
                to.write(f.read().upper())
        with open(made) as f:
            self.assertEqual(f.read(), "QUAY\n")
