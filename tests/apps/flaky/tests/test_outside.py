import os
import socket
import threading
import time


def serve(listener, delay):
    time.sleep(delay)
    listener.listen(1)
    try:
        listener.accept()[0].close()
    except OSError:
        pass


def test_network_server_may_not_be_there_yet():
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    delay = 0.2 if os.urandom(1)[0] < 128 else 0
    threading.Thread(target=serve, args=(listener, delay), daemon=True).start()
    time.sleep(0.05)
    socket.create_connection(listener.getsockname(), timeout=2).close()


def work():
    start = time.process_time()
    while time.process_time() - start < 0.08:
        pass


def test_resource_done_in_time():
    start = time.monotonic()
    work()
    # One time in three it has no time to lose, else a lot of it: not enough where all processors are busy.
    slack = 1.0001 if int(time.monotonic() * 1e6) % 3 == 0 else 3
    assert time.monotonic() - start < 0.08 * slack


def test_stable_wait():
    time.sleep(0.01)


def test_stable_socket():
    socket.socket().close()
