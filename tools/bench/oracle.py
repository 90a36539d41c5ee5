# What Python's own parser and the index of scip-python say of a tree: files, definitions and calls, in the lines that
# tools/bench_oracles.sh reads.  Where calls are is told by the parser, what is called by the occurrence that the index has there.
#
#   oracle.py DIR INDEX
import ast
import os
import sys

root, index = sys.argv[1:]


def varint(b, i):
    n = shift = 0
    while True:
        n |= (b[i] & 127) << shift
        i, shift = i + 1, shift + 7
        if b[i - 1] < 128:
            return n, i


def fields(b):
    """Number and value of each field of a message: https://protobuf.dev/programming-guides/encoding/"""
    i = 0
    while i < len(b):
        tag, i = varint(b, i)
        if tag & 7 == 2:
            n, i = varint(b, i)
            yield tag >> 3, b[i:i + n]
            i += n
        elif tag & 7 == 0:
            v, i = varint(b, i)
            yield tag >> 3, v
        else:
            i += 8 if tag & 7 == 1 else 4


def numbers(b):
    i = 0
    while i < len(b):
        v, i = varint(b, i)
        yield v


occurrences = {}  # (file, line, column) -> symbol
defined = {}  # symbol, with its file when it is local -> (file, line, column)
with open(index, "rb") as f:
    documents = [v for n, v in fields(f.read()) if n == 2]
for document in documents:
    parts = list(fields(document))
    path = next(v for n, v in parts if n == 1).decode()
    for occurrence in (v for n, v in parts if n == 2):
        o = dict(fields(occurrence))
        place = list(numbers(o[1]))
        symbol = o.get(2, b"").decode()
        symbol = (path, symbol) if symbol.startswith("local ") else symbol
        at = (path, place[0], place[1])
        if o.get(3, 0) & 1:
            defined.setdefault(symbol, at)
        else:
            occurrences[at] = symbol

names = {}  # (file, line, column) of the name of a definition -> (node, text of its place)
trees = {}


class Tree(ast.NodeVisitor):
    def __init__(self, path, text):
        self.path, self.lines = path, text.split("\n")
        self.stack, self.calls = [f"{path}\t0\t"], []
        self.defs = []
        self.visit(ast.parse(text))

    def at(self, line, column):  # columns of the parser are bytes of UTF-8
        return self.path, line - 1, len(self.lines[line - 1].encode()[:column].decode(errors="replace"))

    def definition(self, node):
        for d in node.decorator_list:
            self.visit(d)
            if not isinstance(d, ast.Call):
                self.calls.append((self.stack[-1], d))
        line = node.lineno
        column = self.lines[line - 1].index(node.name, node.col_offset + 3 if line == node.lineno else 0)
        place = f"{self.path}\t{line}\t{node.name}"
        start = min([line] + [d.lineno for d in node.decorator_list])
        self.defs.append((place, start))
        kind = "type" if isinstance(node, ast.ClassDef) else "function"
        print(f"D\t{self.path}\t{start}\t{line}\t{node.name}\t{kind}")
        names[self.path, line - 1, column] = (node, place, self)
        if kind == "function":
            self.visit(node.args)
            if node.returns:
                self.visit(node.returns)
        else:
            for b in node.bases + node.keywords:
                self.visit(b)
        self.stack.append(place)
        for s in node.body:
            self.visit(s)
        self.stack.pop()

    visit_FunctionDef = visit_AsyncFunctionDef = visit_ClassDef = definition

    def visit_Call(self, node):
        self.calls.append((self.stack[-1], node.func))
        self.generic_visit(node)

    def target(self, node):
        """(is anything known of it, what it is when it is defined here)"""
        if isinstance(node, ast.Name):
            at = self.at(node.lineno, node.col_offset)
        elif isinstance(node, ast.Attribute):
            at = self.at(node.end_lineno, node.end_col_offset - len(node.attr.encode()))
        else:
            return None, None
        symbol = occurrences.get(at)
        if symbol is None:
            return False, None
        if symbol not in defined:
            return not isinstance(symbol, tuple), None
        return defined[symbol] in names, names.get(defined[symbol])


def constructor(found, name, depth=0):
    node, _, tree = found
    for s in node.body:
        if isinstance(s, ast.FunctionDef) and s.name == name:
            return next(p for n, p, _ in names.values() if n is s)
    for b in node.bases:
        _, base = tree.target(b)
        inherited = depth < 20 and base and isinstance(base[0], ast.ClassDef) and constructor(base, name, depth + 1)
        if inherited:
            return inherited
    return None


for directory, _, files in sorted(os.walk(root)):
    for name in sorted(files):
        if not name.endswith(".py"):
            continue
        path = os.path.relpath(os.path.join(directory, name), root)
        try:
            with open(os.path.join(root, path), encoding="utf-8", newline="") as f:
                trees[path] = Tree(path, f.read())
            print(f"F\t{path}")
        except (SyntaxError, ValueError) as e:
            print(f"{path}: {e}", file=sys.stderr)
for tree in trees.values():
    for caller, node in tree.calls:
        known, found = tree.target(node)
        if known is None:
            print(f"U\t{caller}\t\t{node.lineno}")
            continue
        if not known:
            print(f"U\t{caller}\t{node.id if isinstance(node, ast.Name) else node.attr}\t{node.lineno}")
        elif found:
            print(f"C\t{caller}\t{found[1]}")
            for name in ("__init__", "__new__"):
                made = isinstance(found[0], ast.ClassDef) and constructor(found, name)
                if made:
                    print(f"C\t{caller}\t{made}")
