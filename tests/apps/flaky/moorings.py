"""Where boats lie, and for how long."""

taken = {}


def moor(berth, boat):
    if berth in taken:
        raise ValueError("%s lies there" % taken[berth])
    taken[berth] = boat


def fee(days):
    return 12 * days
