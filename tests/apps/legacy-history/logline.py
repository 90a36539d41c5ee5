def knots(line):
    return float(line.split()[1])
