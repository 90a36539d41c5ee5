# The lines of some files that Python could execute, as "L<tab>path<tab>line<tab>0".
import dis
import os
import types

with open(os.environ["DRYDOCK_COUNTED"] + "/files") as f:
    paths = [p for p in f.read().splitlines() if p.endswith(".py")]
for path in paths:
    try:
        with open(path, "rb") as f:
            codes = [compile(f.read(), path, "exec")]
    except (OSError, SyntaxError, ValueError):
        continue
    while codes:
        code = codes.pop()
        codes += [c for c in code.co_consts if isinstance(c, types.CodeType)]
        for _, line in dis.findlinestarts(code):
            if line:
                print("L\t%s\t%d\t0" % (path, line))
