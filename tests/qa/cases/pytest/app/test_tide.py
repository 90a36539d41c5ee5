import os, signal, time, pytest
MODE = os.environ["MODE"]

def test_alpha():
    assert 1 + 1 == 2

class TestTide:
    def test_beta(self):
        if MODE == "fail":
            assert "low <tide>" == "high & dry"
        if MODE == "crash":
            os.kill(os.getpid(), signal.SIGSEGV)
        if MODE == "skip":
            pytest.skip("no moon")
        if MODE == "kill":
            time.sleep(600)

@pytest.mark.parametrize("depth", ["a b", "c/d"])
def test_gamma(depth):
    assert depth

@pytest.mark.xfail
def test_delta():
    assert False
