"""What a ship pays for its berth."""
import functools

from tariff import rates

DAY_H = 24


def days(hours):
    return -(-hours // DAY_H)


def audited(f):
    @functools.wraps(f)
    def wrapper(*args):
        result = f(*args)
        if result < 0:
            raise ValueError("nobody is paid to stay")
        return result

    return wrapper


@audited
def due(tons, hours):
    return rates.per_ton(tons) * days(hours)


class Account:
    def __init__(self, name):
        self.name = name
        self.lines = []

    def charge(self, tons, hours):
        self.lines.append(due(tons, hours))

    def refund(self, amount):
        self.lines.append(-amount)

    def total(self):
        return sum(self.lines)

    def __str__(self):
        return "%s owes %d" % (self.name, self.total())
