"""Make source for Python 2 source for Python 3, with lib2to3.

Reads nothing but the tree it is started in, and runs nothing of it.  A file that Python 3 compiles already is left
alone, and so is one that it still does not compile afterwards.  Encoding and line ends stay.  Prints one JSON object
for each file: {"path", "changed", "why"}.
"""
import io
import json
import os
import sys
import tokenize
import warnings

warnings.simplefilter("ignore")
try:
    from lib2to3 import refactor
except ImportError:
    print("lib2to3 is not installed (Debian: python3-lib2to3)", file=sys.stderr)
    sys.exit(3)

# Matters of taste, and what needs a package that may not be there.
LEFT_OUT = {"lib2to3.fixes.fix_" + n for n in ("idioms", "set_literal", "ws_comma", "buffer", "asserts")}
MAX_FILES, MAX_BYTES = 5000, 4 << 20


def compiles(text, path):
    try:
        compile(text, path, "exec", dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as e:
        return str(e) or type(e).__name__
    return None


def files():
    for where, dirs, names in os.walk("."):
        dirs[:] = sorted(d for d in dirs if d not in (".git", "node_modules") and not os.path.islink(os.path.join(where, d)))
        for name in sorted(names):
            path = os.path.normpath(os.path.join(where, name))
            if os.path.islink(path) or not os.path.isfile(path) or os.path.getsize(path) > MAX_BYTES:
                continue
            if name.endswith(".py"):
                yield path
            elif "." not in name:
                with open(path, "rb") as f:
                    first = f.readline(200)
                if first.startswith(b"#!") and b"python" in first:
                    yield path


def decode(raw):
    encoding, _ = tokenize.detect_encoding(io.BytesIO(raw).readline)
    return raw.decode(encoding), encoding


def refactor_file(tool, path):
    with open(path, "rb") as f:
        raw = f.read()
    try:
        text, encoding = decode(raw)
    except (SyntaxError, UnicodeDecodeError, LookupError):
        # The default of Python 2 was any bytes.
        text, encoding = raw.decode("latin-1"), None
    if encoding and compiles(raw, path) is None:
        return None
    crlf = "\r\n" in text
    plain = text.replace("\r\n", "\n")
    ended = plain.endswith("\n")
    try:
        new = str(tool.refactor_string(plain if ended else plain + "\n", path))
    except Exception as e:
        return {"path": path, "changed": False, "why": "%s: %s" % (type(e).__name__, e)}
    if not ended and new.endswith("\n"):
        new = new[:-1]
    if crlf:
        new = new.replace("\n", "\r\n")
    if encoding is None:
        new, encoding = "# -*- coding: latin-1 -*-\n" + new, "latin-1"
        if new.split("\n", 2)[1].startswith("#!"):
            a, b, rest = new.split("\n", 2)
            new = "\n".join((b, a, rest))
    made = new.encode(encoding)
    why = compiles(made, path)
    if why or made == raw:
        return {"path": path, "changed": False, "why": why or "nothing to change"}
    mode = os.stat(path).st_mode & 0o777
    with open(path + ".drydock-edit", "wb") as f:
        f.write(made)
    os.chmod(path + ".drydock-edit", mode)
    os.rename(path + ".drydock-edit", path)
    return {"path": path, "changed": True, "why": None}


def main():
    sys.setrecursionlimit(20000)
    names = [n for n in refactor.get_fixers_from_package("lib2to3.fixes") if n not in LEFT_OUT]
    tool = refactor.RefactoringTool(names, {"print_function": False})
    for n, path in enumerate(files()):
        if n >= MAX_FILES:
            break
        told = refactor_file(tool, path)
        if told:
            print(json.dumps(told))


main()
