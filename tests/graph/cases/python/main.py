import os
import pkg.shapes as sh
from pkg import Square
from missing import describe


def decorate(fn):
    return fn


@decorate
def top(n=1):
    def inner():
        return n

    s = Square(2)
    s.run()
    sh.Helper().work()
    os.path.join("a")
    os.work()
    describe()
    return inner()


def pow(a, b):
    return a


x = top()
unknown_object.describe()
