// What the compiler of TypeScript says of a tree of TypeScript or JavaScript: files, definitions and calls, in the lines that
// tools/bench_oracles.sh reads.  A function is named by its declaration, or by the variable, property or member that it is the value of.
//
//	node oracle.mjs MODULES DIR
import { createRequire } from "node:module";
import path from "node:path";

const root = path.resolve(process.argv[3]);
const ts = createRequire(path.join(process.argv[2], "x.js"))("typescript");
const files = ts.sys.readDirectory(root, [".ts", ".tsx", ".mts", ".cts", ".js", ".jsx", ".mjs", ".cjs"], ["**/node_modules"]).filter(f => !f.endsWith(".d.ts"));
const program = ts.createProgram(files, {
	allowJs: true, checkJs: true, noEmit: true, target: ts.ScriptTarget.Latest, jsx: ts.JsxEmit.Preserve, skipLibCheck: true,
	module: ts.ModuleKind.ESNext, moduleResolution: ts.ModuleResolutionKind.Bundler ?? ts.ModuleResolutionKind.Node10,
	strict: true, experimentalDecorators: true, types: [], maxNodeModuleJsDepth: 0,
});
const checker = program.getTypeChecker();
const inside = f => f.startsWith(root + path.sep) && !f.endsWith(".d.ts");
const relative = n => path.relative(root, n.getSourceFile().fileName);
const line = (n, at) => n.getSourceFile().getLineAndCharacterOfPosition(at).line + 1;

/** The name that a function or type goes by, as a node; undefined: it has none. */
function nameOf(n) {
	if (ts.isConstructorDeclaration(n)) return n.getChildren().find(c => c.kind === ts.SyntaxKind.ConstructorKeyword);
	if (n.name && (ts.isIdentifier(n.name) || ts.isPrivateIdentifier(n.name) || ts.isStringLiteralLike(n.name))) return n.name;
	if (!ts.isFunctionExpression(n) && !ts.isArrowFunction(n) && !ts.isClassExpression(n)) return undefined;
	let p = n.parent;
	while (ts.isParenthesizedExpression(p)) p = p.parent;
	if ((ts.isVariableDeclaration(p) || ts.isPropertyDeclaration(p) || ts.isPropertyAssignment(p)) && p.name && ts.isIdentifier(p.name)) return p.name;
	if (ts.isBinaryExpression(p) && p.operatorToken.kind === ts.SyntaxKind.EqualsToken) {
		if (ts.isBinaryExpression(p.parent) && p.parent.right === p) p = p.parent; // a = b = function
		return ts.isPropertyAccessExpression(p.left) ? p.left.name : ts.isIdentifier(p.left) ? p.left : undefined;
	}
	return undefined;
}
const isType = n => ts.isClassLike(n) || ts.isInterfaceDeclaration(n) || ts.isEnumDeclaration(n) || ts.isTypeAliasDeclaration(n);
const isFunction = n => ts.isFunctionDeclaration(n) || ts.isFunctionExpression(n) || ts.isArrowFunction(n) || ts.isMethodDeclaration(n) ||
	ts.isConstructorDeclaration(n) || ts.isGetAccessor(n) || ts.isSetAccessor(n) || (ts.isMethodSignature(n) && ts.isInterfaceDeclaration(n.parent));
const text = name => ts.isConstructorDeclaration(name.parent) ? "constructor" : name.text;
const place = n => `${relative(n)}\t${line(n, nameOf(n).getStart())}\t${text(nameOf(n))}`;

/** Of signatures of one function, the one with a body. */
function definition(d) {
	if (d.body) return d;
	const s = d.symbol ?? checker.getSymbolAtLocation(d.name ?? d);
	return s?.declarations?.find(o => isFunction(o) && o.body && o.parent === d.parent) ?? d;
}

function edge(from, d, name, at) {
	if (!d) return console.log(`U\t${from}\t${name}\t${at}`);
	if (!inside(d.getSourceFile().fileName)) return;
	if ((!isFunction(d) && !isType(d)) || !nameOf(d)) return console.log(`U\t${from}\t${name}\t${at}`);
	console.log(`C\t${from}\t${place(definition(d))}`);
}

function call(n, from) {
	const callee = ts.isTaggedTemplateExpression(n) ? n.tag : n.expression;
	const name = ts.isPropertyAccessExpression(callee) ? callee.name.text : callee.kind === ts.SyntaxKind.SuperKeyword ? "super" : callee.text ?? "";
	if (callee.kind === ts.SyntaxKind.ImportKeyword || name === "require") return;
	const at = line(n, n.getStart());
	const signature = checker.getResolvedSignature(n), d = signature?.declaration;
	if (ts.isNewExpression(n) && !(d && isFunction(d) && !ts.isConstructorDeclaration(d) && inside(d.getSourceFile().fileName))) {
		let s = checker.getSymbolAtLocation(ts.isPropertyAccessExpression(callee) ? callee.name : callee);
		if (s && s.flags & ts.SymbolFlags.Alias) s = checker.getAliasedSymbol(s);
		const type = s?.declarations?.find(ts.isClassLike);
		if (!s || (s.declarations?.length && !type && s.declarations.some(x => inside(x.getSourceFile().fileName)))) console.log(`U\t${from}\t${name}\t${at}`);
		if (type) edge(from, type, name, at);
		if (d && ts.isConstructorDeclaration(d)) edge(from, d, name, at);
		return;
	}
	if (!d && callee.kind === ts.SyntaxKind.SuperKeyword) return; // there is none
	edge(from, d && ts.isClassLike(d) ? undefined : d, name, at);
}

function visit(n, from) {
	const named = (isType(n) || isFunction(n)) && nameOf(n);
	if (named) {
		let start = n.getStart();
		for (let p = n; !ts.isSourceFile(p) && !ts.isBlock(p); p = p.parent) if (ts.isVariableStatement(p) || ts.isVariableDeclaration(p) || ts.isExpressionStatement(p)) start = Math.min(start, p.getStart());
		start = Math.min(start, named.getStart());
		console.log(`D\t${relative(n)}\t${line(n, start)}\t${line(n, named.getStart())}\t${text(named)}\t${isType(n) ? "type" : "function"}`);
		from = place(n);
	}
	if (ts.isCallExpression(n) || ts.isNewExpression(n) || ts.isTaggedTemplateExpression(n)) call(n, from);
	ts.forEachChild(n, c => visit(c, from));
}

for (const f of program.getSourceFiles()) {
	if (!inside(f.fileName)) continue;
	console.log(`F\t${relative(f)}`);
	ts.forEachChild(f, c => visit(c, `${relative(f)}\t0\t`));
}
