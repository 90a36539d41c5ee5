"""When it is high water."""


def hours(tide):
    return tide * 6


def high(tide):
    return hours(tide) + 1
