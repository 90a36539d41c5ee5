# Characterisation tests for Python: finds functions, tries inputs, and proves tests; in the sandbox, as whoever the target is.
#
#   MODE measure | record | write | check | mutants; a request in JSON on standard input, the answer in JSON on standard output
#
# The request says how many "seconds" there are; what is not done by then is left out of the answer.  cover_answer.h has its forms.
# What the target prints goes elsewhere.  All that comes out of a process that ran its code is only a claim: `write`, which runs
# none of it, takes values as literals and as nothing else.
import ast, builtins, copy, importlib, json, math, os, re, signal, site, subprocess, sys, tempfile, threading, time

ROOT = os.getcwd()
FILES_MAX, BYTES_MAX, FUNCTIONS_MAX, TRIES_MAX, CASES_MAX = 2000, 1 << 19, 400, 60, 6
TEXT_MAX, CALL_S, RUN_S, MEASURE_S = 1000, 2, 60, 1200
# How long a changed file may take: so many times what it takes unchanged, and so long at least, on a machine that may be busy.
PATIENCE, PATIENCE_S = 5, 10
PASSED_OVER = {'node_modules', 'venv', 'env', 'build', 'dist', '__pycache__', 'docs', 'site-packages'}
# What cannot be called without an effect, or gives something else each time.
IMPURE_MODULES = set('''os sys io random time datetime subprocess socket ssl logging requests threading multiprocessing
	asyncio shutil pathlib tempfile uuid secrets signal select ctypes urllib http ftplib smtplib sqlite3 getpass glob
	platform locale inspect gc atexit warnings importlib traceback fcntl resource pwd grp argparse optparse click'''.split())
IMPURE_NAMES = set('''open input print exec eval compile __import__ exit quit breakpoint vars globals locals setattr
	delattr id hash memoryview'''.split())
MUTATING = set('append extend insert remove pop clear update add discard setdefault popitem sort reverse appendleft popleft write'.split())
PLAIN_CALLS = set('''frozenset set dict list tuple int float str bytes bool len range sorted object namedtuple TypeVar
	Decimal Fraction compile OrderedDict defaultdict Counter NewType min max sum ord chr'''.split())
# Exceptions that a function raises on purpose; others are told by wrong types.
RAISED = {'ValueError', 'KeyError', 'IndexError', 'ZeroDivisionError', 'OverflowError', 'LookupError', 'ArithmeticError',
	'NotImplementedError'}

END = [0.0]

def seconds_left():
	return END[0] - time.monotonic()

# ---- files ----

def is_test(path):
	parts = path.split('/')
	name = parts[-1]
	return name.startswith('test_') or name.endswith('_test.py') or name in ('conftest.py', 'tests.py') or \
		any(p in ('test', 'tests', 'testing') for p in parts[:-1])

def python_files():
	found = []
	for top, dirs, names in os.walk(ROOT):
		dirs[:] = sorted(d for d in dirs if d[0] != '.' and d not in PASSED_OVER and not d.endswith('.egg-info') and
			not os.path.islink(os.path.join(top, d)))
		for name in sorted(names):
			path = os.path.relpath(os.path.join(top, name), ROOT)
			if name.endswith('.py') and len(found) < FILES_MAX and re.fullmatch(r'[\w./-]+', path) and \
					not os.path.islink(path) and os.path.getsize(path) <= BYTES_MAX:
				found.append(path)
	return found

def parse(path):
	try:
		with open(path, 'rb') as f:
			return ast.parse(f.read(), path)
	except (SyntaxError, ValueError, OSError, RecursionError):
		return None

# The directory that a module is imported from, and its name there.
def import_name(path):
	parts = path[:-3].split('/')
	at = len(parts) - 1
	while at > 0 and os.path.exists('/'.join(parts[:at] + ['__init__.py'])):
		at -= 1
	if parts[-1] == '__init__':
		parts = parts[:-1]
	return '/'.join(parts[:at]) or '.', '.'.join(parts[at:])

# ---- is a module imported without an effect? ----

def is_plain(e):
	if isinstance(e, ast.Call):
		name = e.func.attr if isinstance(e.func, ast.Attribute) else getattr(e.func, 'id', '')
		return name in PLAIN_CALLS and all(map(is_plain, e.args)) and all(is_plain(k.value) for k in e.keywords)
	if isinstance(e, (ast.Await, ast.Yield, ast.YieldFrom, ast.NamedExpr)):
		return False
	return all(is_plain(c) for c in ast.iter_child_nodes(e))

def is_main(node):
	return isinstance(node, ast.If) and any(isinstance(n, ast.Name) and n.id in ('__name__', 'TYPE_CHECKING') for n in ast.walk(node.test))

# The line of the first statement that does more than define; 0: none.
def line_of_effect(body):
	for n in body:
		if isinstance(n, (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.Pass)) or is_main(n):
			continue
		if isinstance(n, ast.ClassDef):
			line = line_of_effect(n.body)
			if line:
				return line
		elif isinstance(n, ast.Try):
			line = line_of_effect(n.body + [s for h in n.handlers for s in h.body] + n.orelse + n.finalbody)
			if line:
				return line
		elif isinstance(n, ast.Expr) and isinstance(n.value, ast.Constant):
			continue
		elif isinstance(n, (ast.Assign, ast.AnnAssign)) and (n.value is None or is_plain(n.value)):
			continue
		else:
			return n.lineno
	return 0

class Module:
	def __init__(self, path, tree):
		self.path, self.tree = path, tree
		self.root, self.name = import_name(path)
		self.effect = line_of_effect(tree.body)
		self.functions = {n.name: n for n in tree.body if isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef))}
		self.values, self.modules, self.froms = set(), {}, {}
		for n in ast.walk(tree):
			if isinstance(n, ast.Import):
				for a in n.names:
					self.modules[(a.asname or a.name).split('.')[0]] = a.name
			elif isinstance(n, ast.ImportFrom):
				for a in n.names:
					self.froms[a.asname or a.name] = (self.absolute(n), a.name)
		for n in tree.body:
			for t in getattr(n, 'targets', [getattr(n, 'target', None)] if isinstance(n, ast.AnnAssign) else []):
				self.values.update(x.id for x in ast.walk(t) if isinstance(x, ast.Name))
		# Names of modules that are loaded with it: what it imports, and the packages that all these are in.
		names = {self.name, *self.modules.values(), *(a for a, _ in self.froms.values()), *(a + '.' + b for a, b in self.froms.values())}
		self.loads = sorted({'.'.join(n.split('.')[:k]) for n in names for k in range(1, n.count('.') + 2)} - {''})

	# The module and the name that an expression stands for, by itself or as what its module has.
	def used(self, e):
		if isinstance(e, ast.Name):
			return (self.name, e.id) if e.id in self.functions else self.froms.get(e.id, ('', ''))
		text = dotted(e.value)
		return '.'.join(self.froms[text]) if text in self.froms else self.modules.get(text, text), e.attr

	def absolute(self, n):
		if not n.level:
			return n.module or ''
		parts = self.name.split('.')
		if not self.path.endswith('__init__.py'):
			parts = parts[:-1]
		parts = parts[:len(parts) - n.level + 1]
		return '.'.join(parts + ([n.module] if n.module else []))

# ---- is a function pure? ----

def locals_of(f):
	names = {a.arg for a in f.args.posonlyargs + f.args.args + f.args.kwonlyargs}
	for n in ast.walk(f):
		if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store):
			names.add(n.id)
	return names

def base_name(e):
	while isinstance(e, (ast.Attribute, ast.Subscript)):
		e = e.value
	return e.id if isinstance(e, ast.Name) else None

# "a.b" of names alone, else "".
def dotted(e):
	parts = []
	while isinstance(e, ast.Attribute):
		parts.append(e.attr)
		e = e.value
	return '.'.join([e.id] + parts[::-1]) if isinstance(e, ast.Name) else ''

def own_reason(m, f):
	if isinstance(f, ast.AsyncFunctionDef):
		return 'a coroutine'
	if f.decorator_list:
		return 'it is decorated'
	if f.args.vararg and not (f.args.args or f.args.posonlyargs):
		return 'it takes any number of arguments'
	if any(d is None for d in f.args.kw_defaults):
		return 'it needs arguments by name'
	own = locals_of(f)
	for n in ast.walk(f):
		if isinstance(n, (ast.Yield, ast.YieldFrom)):
			return 'a generator'
		if isinstance(n, (ast.Global, ast.Nonlocal)):
			return 'it changes what is outside of it, line %d' % n.lineno
		if isinstance(n, (ast.Import, ast.ImportFrom)):
			return 'it imports, line %d' % n.lineno
		if isinstance(n, (ast.Attribute, ast.Subscript)) and isinstance(n.ctx, (ast.Store, ast.Del)) and base_name(n) not in own:
			return 'it changes what is outside of it, line %d' % n.lineno
		if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load) and n.id not in own:
			if n.id in IMPURE_NAMES and n.id not in m.functions:
				return 'it calls %s, line %d' % (n.id, n.lineno)
			module = m.modules.get(n.id) or m.froms.get(n.id, ('',))[0]
			if module.split('.')[0] in IMPURE_MODULES:
				return 'it uses %s, line %d' % (module, n.lineno)
		if isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute) and n.func.attr in MUTATING and base_name(n.func) in m.values - own:
			return 'it changes what is outside of it, line %d' % n.lineno
	return None

class Tree:
	def __init__(self):
		self.modules, self.tests, self.sites = {}, [], {}
		for path in python_files():
			tree = parse(path)
			if tree is None:
				continue
			self.note_sites(tree)
			if is_test(path):
				self.tests.append((path, tree))
			elif path.split('/')[-1] not in ('setup.py', '__main__.py', 'conf.py'):
				m = Module(path, tree)
				self.modules[m.name] = m
		self.imports, self.known, self.looked = {}, {}, {}

	# Arguments that callers, tests among them, write down.
	def note_sites(self, tree):
		for n in ast.walk(tree):
			if not isinstance(n, ast.Call) or n.keywords:
				continue
			name = n.func.attr if isinstance(n.func, ast.Attribute) else getattr(n.func, 'id', None)
			try:
				args = [ast.literal_eval(a) for a in n.args]
			except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
				continue
			some = self.sites.setdefault(name, [])
			if name and args not in some and len(some) < 20:
				some.append(args)

	# Of the module or of one that is loaded with it; None: all of them only define.
	def import_reason(self, m):
		if m.name not in self.imports:
			self.imports[m.name] = self.walk_imports(m)
		return self.imports[m.name]

	def walk_imports(self, m):
		seen, todo = {m.name}, [m]
		for one in todo:
			if one.effect:
				return '%s does more than define when it is imported, line %d' % (one.path, one.effect)
			if self.imports.get(one.name):
				return self.imports[one.name]
			for name in one.loads:
				if name in self.modules and name not in seen and self.imports.get(name, '') is not None:
					seen.add(name)
					todo.append(self.modules[name])
		self.imports.update(dict.fromkeys(seen))
		return None

	def reason(self, m, name):
		if (m.name, name) not in self.known:
			self.walk_uses((m.name, name))
		return self.known[m.name, name]

	# One that is not pure makes those on the way to it so; where there is none, all that were seen are pure, whoever uses whom.
	def walk_uses(self, start):
		came, todo = {start: None}, [start]
		for key in todo:
			own, uses = self.look_at(key)
			why = self.known.get(key) or own
			while why:
				self.known[key], used, key = why[:TEXT_MAX], key, came[key]
				if key is None:
					return
				why = 'it uses %s, which is not pure: %s' % (used[1], why)
			for used in uses:
				if used not in came and self.known.get(used, '') is not None:
					came[used] = key
					todo.append(used)
		self.known.update(dict.fromkeys(came))

	# (why it is not pure by itself, the functions of the tree that it uses)
	def look_at(self, key):
		if key not in self.looked:
			m = self.modules[key[0]]
			f = m.functions[key[1]]
			loads = [n for n in ast.walk(f) if isinstance(n, (ast.Name, ast.Attribute)) and isinstance(n.ctx, ast.Load)]
			uses = [m.used(n) for n in loads]
			self.looked[key] = own_reason(m, f), [u for u in uses if u[0] in self.modules and u[1] in self.modules[u[0]].functions]
		return self.looked[key]

def body_lines(f):
	first = f.body[1:] if isinstance(f.body[0], ast.Expr) and isinstance(f.body[0].value, ast.Constant) else f.body
	return sorted({n.lineno for s in first for n in ast.walk(s) if isinstance(n, ast.stmt)})

# ---- inputs ----

POOL = {'int': [0, 1, -1, 2, 3, 7, 10, 100, -5], 'float': [0.0, 0.5, -1.5, 2.0, 10.0], 'bool': [False, True],
	'str': ['', 'a', 'b c', 'Ab1', '0', '12', ' x ', 'a,b'], 'bytes': [b'', b'ab'], 'None': [None],
	'list': [[], [1], [3, 1, 2], [1, 1], ['a', 'b']], 'dict': [{}, {'a': 1}], 'tuple': [(), (1, 2)], 'set': [set(), {1, 2}]}
ALIAS = {'List': 'list', 'Sequence': 'list', 'Iterable': 'list', 'Dict': 'dict', 'Mapping': 'dict', 'Tuple': 'tuple',
	'Set': 'set', 'Any': None}

def pool_of(annotation, literals):
	text = ast.unparse(annotation) if annotation is not None else ''
	kinds = [k for k in (ALIAS.get(w, w) for w in re.findall(r'\w+', text)) if k in POOL]
	if kinds and kinds[0] in ('list', 'set', 'tuple') and len(kinds) > 1:
		inner = POOL[kinds[1]] + [v for v in literals if type(v).__name__ == kinds[1]]
		make = {'list': list, 'set': set, 'tuple': tuple}[kinds[0]]
		try:
			return [make(inner[:n]) for n in (0, 1, 2, 3)] + [make(reversed(inner[:4]))]
		except TypeError:
			return POOL[kinds[0]]
	if kinds:
		return [v for v in literals if type(v).__name__ in kinds] + [v for k in kinds for v in POOL[k]]
	return literals + POOL['int'] + POOL['str'] + POOL['list'] + POOL['float'] + POOL['dict'] + POOL['None']

# Constants that it compares or computes with, and what lies beside them.
def literals_of(f):
	found = []
	for n in ast.walk(ast.Module(f.body, [])):
		if not isinstance(n, ast.Constant) or isinstance(n.value, (type(Ellipsis), complex)):
			continue
		v = n.value
		beside = [v, v - 1, v + 1] if type(v) in (int, float) and abs(v) < 10 ** 9 else [v]
		if isinstance(v, str) and len(v) > 60:
			continue
		found += [b for b in beside if not any(type(b) is type(x) and b == x for x in found)]
	return found[:30]

def inputs_of(tree, f):
	params = f.args.posonlyargs + f.args.args
	needed = len(params) - len(f.args.defaults)
	tries = [s for s in tree.sites.get(f.name, []) if needed <= len(s) <= len(params)]
	literals = literals_of(f)
	pools = [pool_of(p.annotation, literals) for p in params[:max(needed, 1) if params else 0]]
	if not pools:
		return tries + [[]]
	longest = max(map(len, pools))
	for k in range(longest):
		tries.append([p[k % len(p)] for p in pools])
	for step in range(1, 5):
		for k in range(longest):
			tries.append([p[(k * step + i * (step + k // len(p))) % len(p)] for i, p in enumerate(pools)])
	# one that callers write down, with one argument changed
	for s in tree.sites.get(f.name, [])[:3]:
		for i in range(min(len(s), len(pools))):
			tries += [s[:i] + [v] + s[i + 1:] for v in pools[i][:6] if needed <= len(s) <= len(params)]
	distinct = []
	for t in tries:
		if not any(repr(t) == repr(d) for d in distinct):
			distinct.append(t)
	return distinct[:TRIES_MAX]

# ---- running ----

class TooLong(BaseException):
	pass

def ring(*_):
	raise TooLong

def is_literal(v, depth=0):
	if v is None or type(v) in (bool, int, str, bytes):
		return True
	if type(v) is float:
		return math.isfinite(v)
	if depth > 4:
		return False
	if type(v) in (list, tuple):
		return all(is_literal(x, depth + 1) for x in v)
	if type(v) is set:
		return bool(v) and all(is_literal(x, depth + 1) for x in v)
	return type(v) is dict and all(is_literal(k, depth + 1) and is_literal(x, depth + 1) for k, x in v.items())

# A text that does not depend on the order of a set.
def text_of(v):
	if type(v) is set:
		return '{' + ', '.join(sorted(map(text_of, v))) + '}'
	if type(v) in (list, tuple):
		inner = ', '.join(map(text_of, v))
		return '[%s]' % inner if type(v) is list else '(%s)' % (inner + ',' if len(v) == 1 else inner)
	if type(v) is dict:
		return '{' + ', '.join('%s: %s' % (text_of(k), text_of(x)) for k, x in v.items()) + '}'
	return repr(v)

# (outcome, lines, pairs of lines); outcome None: nothing that a test can be made of.
def call(function, args):
	code, lines, pairs, last = function.__code__, set(), set(), [0]
	def local(frame, event, arg):
		if event == 'line':
			lines.add(frame.f_lineno)
			pairs.add((last[0], frame.f_lineno))
			last[0] = frame.f_lineno
		return local
	def enter(frame, event, arg):
		return local if frame.f_code is code else None
	signal.signal(signal.SIGALRM, ring)
	signal.setitimer(signal.ITIMER_REAL, CALL_S)
	sys.settrace(enter)
	try:
		value = function(*copy.deepcopy(args))
		outcome = {'result': text_of(value)} if is_literal(value) else None
	except TooLong:
		outcome = None
	except BaseException as e:
		name = type(e).__name__
		outcome = {'raises': name} if name in RAISED and type(e).__module__ == 'builtins' else None
	finally:
		sys.settrace(None)
		signal.setitimer(signal.ITIMER_REAL, 0)
	if outcome and len(str(outcome)) + len(text_of(args)) > TEXT_MAX:
		outcome = None
	return outcome, lines, pairs

# Cases that bring lines, or ways between lines, that neither the tests nor earlier cases went.
def choose(tree, f, function, before):
	seen_lines, seen_pairs, cases, had = set(before), set(), [], False
	for args in inputs_of(tree, f):
		outcome, lines, pairs = call(function, args)
		had = had or bool(lines)
		if not outcome or not is_literal(args):
			continue
		if (lines - seen_lines or pairs - seen_pairs and seen_lines - set(before)) and len(cases) < CASES_MAX:
			seen_lines |= lines
			seen_pairs |= pairs
			cases.append({'args': [text_of(a) for a in args], 'lines': sorted(lines), **outcome})
	if cases:
		return cases, None
	return [], 'no input was found that brings more' if had else 'no input that could be made gets in'

def record(request):
	tree = Tree()
	before = request['before']
	out = []
	for name in sorted(tree.modules):
		m = tree.modules[name]
		for f in m.functions.values():
			if len(out) == FUNCTIONS_MAX:
				break
			lines = body_lines(f)
			had = set(before.get(m.path, [])) & set(lines)
			one = {'path': m.path, 'module': m.name, 'root': m.root, 'name': f.name, 'line': f.lineno,
				'lines': lines, 'cases': [], 'reason': None}
			out.append(one)
			if had == set(lines):
				one['reason'] = 'covered'
				continue
			one['reason'] = tree.import_reason(m) or tree.reason(m, f.name)
			if not one['reason'] and seconds_left() <= 0:
				one['reason'] = 'there was no time left to try it'
			if one['reason']:
				continue
			try:
				sys.path.insert(0, os.path.join(ROOT, m.root))
				function = getattr(importlib.import_module(m.name), f.name)
				if getattr(getattr(function, '__code__', None), 'co_firstlineno', 0) != f.lineno:
					raise ImportError
			except BaseException as e:
				one['reason'] = 'its module cannot be imported: %s' % type(e).__name__
				continue
			finally:
				sys.path.pop(0)
			one['cases'], one['reason'] = choose(tree, f, function, had)
	return {'functions': out}

# ---- coverage of commands ----

SITE = r'''
import os
_out = os.environ.get('DRYDOCK_COVER')
if _out:
	import atexit, json, sys, threading
	_root, _seen, _names = os.environ['DRYDOCK_COVER_ROOT'] + '/', {}, {}
	def _lines(name):
		if name not in _names:
			path = os.path.abspath(name)
			_names[name] = _seen.setdefault(path[len(_root):], set()) if path.startswith(_root) and path.endswith('.py') else None
		return _names[name]
	def _enter(frame, event, arg):
		lines = _lines(frame.f_code.co_filename)
		if lines is None:
			return None
		def local(frame, event, arg):
			if event == 'line':
				lines.add(frame.f_lineno)
			return local
		return local
	def _tell():
		sys.settrace(None)
		with open(os.path.join(_out, '%d.json' % os.getpid()), 'w') as f:
			json.dump({p: sorted(s) for p, s in _seen.items() if s}, f)
	atexit.register(_tell)
	sys.settrace(_enter)
	threading.settrace(_enter)
'''

def put(files):
	for f in files:
		os.makedirs(os.path.dirname(f['path']) or '.', exist_ok=True)
		with open(f['path'], 'x') as out:
			out.write(f['text'])

# By the path, and where a command has one of its own, by the user's packages (site(3)); the module is loaded once.
def watch(place):
	with open(os.path.join(place, 'drydock_cover.py'), 'w') as f:
		f.write(SITE)
	with open(os.path.join(place, 'sitecustomize.py'), 'w') as f:
		f.write('import drydock_cover\n')
	try:
		own = site.getusersitepackages()
		os.makedirs(own, exist_ok=True)
		with open(os.path.join(own, 'drydock_cover.pth'), 'w') as f:
			f.write('import sys; sys.path.append(%r); import drydock_cover\n' % place)
	except OSError:
		pass

def measure(request):
	put(request.get('files', []))
	place, out = tempfile.mkdtemp(), tempfile.mkdtemp()
	watch(place)
	env = dict(os.environ, DRYDOCK_COVER=out, DRYDOCK_COVER_ROOT=ROOT)
	env['PYTHONPATH'] = ':'.join(p for p in (place, os.environ.get('PYTHONPATH')) if p)
	statuses, lines = [], {p: set() for p in python_files() if not is_test(p)}
	for c in request['commands']:
		try:
			statuses.append(subprocess.run(['/bin/sh', '-c', c['run']], cwd=os.path.join(ROOT, c['dir']), env=env, stdin=subprocess.DEVNULL,
				stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=max(0, min(MEASURE_S, seconds_left()))).returncode)
		except subprocess.TimeoutExpired:
			statuses.append(-1)
	for name in os.listdir(out):
		try:
			with open(os.path.join(out, name)) as f:
				for path, seen in json.load(f).items():
					lines.get(path, set()).update(n for n in map(int, seen) if 0 < n <= BYTES_MAX)
		except (ValueError, TypeError, AttributeError, OSError):
			pass
	return {'statuses': statuses, 'lines': {p: sorted(s) for p, s in lines.items() if s}}

# ---- writing, which runs nothing of the target: no module of the tree, and none that Python loads from installed packages ----

def literal(text):
	v = ast.literal_eval(text)
	if not is_literal(v) or len(text) > TEXT_MAX:
		raise ValueError(text[:50])
	return text_of(v)

# What the commands run, else what the tests are.
def style(tree, commands):
	if any('unittest' in c for c in commands):
		return 'unittest'
	for _, t in tree.tests:
		for n in ast.walk(t):
			if isinstance(n, ast.ImportFrom) and n.module == 'unittest' or isinstance(n, ast.Import) and any(a.name == 'unittest' for a in n.names):
				return 'unittest'
	return 'pytest' if tree.tests and any(isinstance(n, ast.FunctionDef) and n.name.startswith('test') for _, t in tree.tests for n in t.body) else 'unittest'

# Beside the tests that are there; a name that is free.
def place(tree, module):
	dirs = [os.path.dirname(p) for p, _ in tree.tests if re.fullmatch(r'test_\w+\.py', os.path.basename(p))]
	top = max(sorted(set(dirs)), key=dirs.count) if dirs else 'tests' if os.path.isdir('tests') else ''
	for n in range(1, 100):
		name = 'test_characterisation_%s%s.py' % (module.replace('.', '_'), '' if n == 1 else '_%d' % n)
		path = os.path.join(top, name)
		if not os.path.exists(path):
			return path

def test_text(kind, f, cases):
	lines = []
	for n, c in cases:
		args = ', '.join(literal(a) for a in c['args'])
		call_text = '%s(%s)' % (f['name'], args)
		name = 'test_%s_%d' % (f['name'], n)
		raises = c.get('raises')
		if raises and raises not in RAISED:
			raise ValueError(raises)
		if kind == 'pytest':
			body = ['with pytest.raises(%s):' % raises, '    ' + call_text] if raises else \
				['assert %s == %s' % (call_text, literal(c['result']))]
			lines += ['', '', 'def %s():' % name] + ['    ' + b for b in body]
		else:
			body = ['with self.assertRaises(%s):' % raises, '    ' + call_text] if raises else \
				['self.assertEqual(%s, %s)' % (call_text, literal(c['result']))]
			lines += ['', '    def %s(self):' % name] + ['        ' + b for b in body]
	return lines

def file_text(kind, module, some):
	head = ['"""What %s does today, as it was seen: made by drydock cover. A change here may be meant."""' % module]
	if kind == 'unittest':
		head += ['import unittest', '']
	elif any(c.get('raises') for f, cases in some for _, c in cases):
		head += ['import pytest', '']
	head += ['from %s import %s' % (module, ', '.join(sorted({f['name'] for f, _ in some})))]
	if kind == 'unittest':
		head += ['', '', 'class Characterisation(unittest.TestCase):']
		body = [l for f, cases in some for l in test_text(kind, f, cases)][1:]
		return '\n'.join(head + body + ['', '', "if __name__ == '__main__':", '    unittest.main()', ''])
	return '\n'.join(head + [l for f, cases in some for l in test_text(kind, f, cases)] + [''])

# Cases that both runs gave, and that are in `keep` where that is given.
def steady(a, b, keep):
	kept = None if keep is None else {tuple(k) for k in keep}
	for f, g in zip(a, b):
		if (f['path'], f['name']) != (g['path'], g['name']):
			break
		if not re.fullmatch(r'[\w.]+', f['module']) or not f['name'].isidentifier():
			continue
		same = [(n, c) for n, c in enumerate(f['cases'], 1) if any(c['args'] == d['args'] and
			(c.get('result'), c.get('raises')) == (d.get('result'), d.get('raises')) for d in g['cases'])]
		yield f, [(n, c) for n, c in same if kept is None or (f['module'], 'test_%s_%d' % (f['name'], n)) in kept]

def write(request):
	if not (sys.flags.isolated and sys.flags.no_site):
		raise SystemExit('tests are written where Python loads nothing but its own modules')
	tree = Tree()
	kind = style(tree, request['commands'])
	by_module = {}
	for f, cases in steady(request['a'], request['b'], request.get('keep')):
		if cases:
			by_module.setdefault(f['module'], []).append((f, cases))
	files = []
	for module, some in sorted(by_module.items()):
		path = place(tree, module)
		text = file_text(kind, module, some)
		ast.parse(text)
		files.append({'path': path, 'module': module, 'source': some[0][0]['path'], 'root': some[0][0]['root'], 'text': text,
			'tests': [{'name': 'test_%s_%d' % (f['name'], n), 'function': f['name'], 'lines': c['lines']}
				for f, cases in some for n, c in cases]})
	return {'style': kind, 'files': files}

# ---- proving ----

RUN_FILE = r'''
import importlib.util, io, json, sys, unittest
path, roots = sys.argv[1], sys.argv[2:]
sys.path[:0] = roots
spec = importlib.util.spec_from_file_location('characterisation', path)
m = importlib.util.module_from_spec(spec)
spec.loader.exec_module(m)
out = {}
for suite in unittest.defaultTestLoader.loadTestsFromModule(m):
	for t in suite:
		r = unittest.TestResult()
		t.run(r)
		out[t._testMethodName] = r.wasSuccessful()
for name in [n for n in vars(m) if n.startswith('test_')]:
	try:
		getattr(m, name)()
		out[name] = True
	except BaseException:
		out[name] = False
sys.__stderr__.write('\0' + json.dumps(out))
'''

# {test: passed}; of a file that cannot be run, of none; None: it took too long.
def run_file(f, seconds):
	roots = [os.path.join(ROOT, os.path.dirname(f['path'])), os.path.join(ROOT, f['root']), ROOT]
	env = dict(os.environ, PYTHONDONTWRITEBYTECODE='1')
	try:
		r = subprocess.run([sys.executable, '-c', RUN_FILE, f['path']] + roots, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
			stderr=subprocess.PIPE, timeout=max(0, min(seconds, seconds_left())), env=env)
		passed = json.loads(r.stderr.rsplit(b'\0', 1)[-1]) if b'\0' in r.stderr else {}
		return {n: p is True for n, p in passed.items()} if isinstance(passed, dict) else {}
	except subprocess.TimeoutExpired:
		return None
	except ValueError:
		return {}

def check(request):
	put(request['files'])
	return {'tests': {f['module']: run_file(f, RUN_S) or {} for f in request['files']}}

# The file with a line changed; None: it is no Python.
def changed(lines, m, path):
	end = lines[m['line'] - 1][len(lines[m['line'] - 1].rstrip('\r\n')):]
	text = ''.join(lines[:m['line'] - 1] + [m['text'] + end] + lines[m['line']:])
	try:
		compile(text, path, 'exec')
		return text
	except (SyntaxError, ValueError):
		return None

# {test: a line that it runs, whose mutant it fails with}; once for each test.
def kills(f, mutants):
	began = time.monotonic()
	passed = run_file(f, RUN_S) or {}
	patience = max(PATIENCE_S, PATIENCE * (time.monotonic() - began))
	waiting = {t['name']: set(t['lines']) for t in f['tests'] if passed.get(t['name'])}
	killed = {t['name']: [] for t in f['tests']}
	with open(f['source']) as source:
		was = source.read()
	lines = was.splitlines(True)
	for m in mutants:
		run = [n for n, its in waiting.items() if m['line'] in its]
		text = changed(lines, m, f['source']) if run and 0 < m['line'] <= len(lines) else None
		if text is None:
			continue
		with open(f['source'], 'w') as source:
			source.write(text)
		passed = run_file(f, min(RUN_S, patience))
		if passed is None and seconds_left() <= 0:
			break
		for n in run:
			if not (passed or {}).get(n):
				killed[n].append(m['line'])
				del waiting[n]
	with open(f['source'], 'w') as source:
		source.write(was)
	return killed

# {module: {test: [line]}}
def mutants(request):
	put(request['files'])
	by_path = {}
	for m in request['mutants']:
		by_path.setdefault(m['path'], []).append(m)
	return {'killed': {f['module']: kills(f, by_path.get(f['source'], [])) for f in request['files']}}

def main():
	answer, mode = os.fdopen(os.dup(1), 'w'), sys.argv[1]
	os.dup2(2, 1)
	request = json.loads(sys.stdin.buffer.read() or b'{}')
	END[0] = time.monotonic() + request['seconds']
	sys.setrecursionlimit(3000)
	result = {'measure': measure, 'record': record, 'write': write, 'check': check, 'mutants': mutants}[mode](request)
	json.dump(result, answer)
	answer.flush()
	os._exit(0)

main()
