def show(heights):
    for h in heights:
        print "%.1f" % h
