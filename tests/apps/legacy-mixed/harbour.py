from tides import height


def deepest():
    return max(range(24), key=height)
