import sys

for line in sys.stdin:
    print "%-80s" % line.strip()
