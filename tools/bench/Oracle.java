// What javac says of a tree: files, definitions and calls, in the lines that tools/bench_oracles.sh reads.  All of the
// tree is compiled at once, against the JDK and nothing else; what depends on other libraries is told as not known.
//
//	java Oracle.java DIR
import com.sun.source.tree.*;
import com.sun.source.util.*;
import java.nio.file.*;
import java.util.*;
import java.util.stream.*;
import javax.lang.model.element.*;
import javax.lang.model.type.TypeKind;
import javax.tools.*;

public class Oracle extends TreePathScanner<Void, String> {
	final Path root;
	final Trees trees;
	final CompilationUnitTree unit;
	final String file;

	Oracle(Path root, Trees trees, CompilationUnitTree unit) {
		this.root = root;
		this.trees = trees;
		this.unit = unit;
		file = path(unit);
	}

	String path(CompilationUnitTree u) {
		return root.relativize(Paths.get(u.getSourceFile().toUri()).toAbsolutePath()).toString();
	}

	/** Where a definition begins, and the line of its name, which stands behind annotations and modifiers. */
	long[] lines(CompilationUnitTree u, Tree t, String name) {
		long start = trees.getSourcePositions().getStartPosition(u, t);
		long end = trees.getSourcePositions().getEndPosition(u, t), at = start;
		Tree after = t instanceof MethodTree ? ((MethodTree) t).getModifiers() : ((ClassTree) t).getModifiers();
		long past = trees.getSourcePositions().getEndPosition(u, after);
		try {
			CharSequence text = u.getSourceFile().getCharContent(true);
			var m = java.util.regex.Pattern.compile("\\b" + java.util.regex.Pattern.quote(name) + "\\b").matcher(text);
			long from = Math.max(past, start);
			if (m.find((int) from) && m.start() < end)
				at = m.start();
		} catch (java.io.IOException e) {
			throw new RuntimeException(e);
		}
		return new long[] {u.getLineMap().getLineNumber(start), u.getLineMap().getLineNumber(at)};
	}

	String place(CompilationUnitTree u, Tree t, String name) {
		return path(u) + "\t" + lines(u, t, name)[1] + "\t" + name;
	}

	void define(Tree t, String name, String kind) {
		long[] l = lines(unit, t, name);
		System.out.println("D\t" + file + "\t" + l[0] + "\t" + l[1] + "\t" + name + "\t" + kind);
	}

	String nameOf(MethodTree m, TreePath p) {
		if (!m.getName().contentEquals("<init>"))
			return m.getName().toString();
		return ((ClassTree) p.getParentPath().getLeaf()).getSimpleName().toString();
	}

	@Override
	public Void visitClass(ClassTree t, String from) {
		String name = t.getSimpleName().toString();
		if (name.isEmpty())
			return super.visitClass(t, from);
		define(t, name, "type");
		return super.visitClass(t, place(unit, t, name));
	}

	@Override
	public Void visitMethod(MethodTree t, String from) {
		if (trees.getSourcePositions().getEndPosition(unit, t) < 0 || generated(t))
			return null;
		String name = nameOf(t, getCurrentPath());
		define(t, name, "function");
		return super.visitMethod(t, place(unit, t, name));
	}

	/** A constructor that nobody wrote begins where its class does. */
	boolean generated(MethodTree t) {
		Element e = trees.getElement(getCurrentPath());
		ClassTree c = (ClassTree) getCurrentPath().getParentPath().getLeaf();
		return e != null && t.getName().contentEquals("<init>")
			&& trees.getSourcePositions().getStartPosition(unit, t) == trees.getSourcePositions().getStartPosition(unit, c);
	}

	long at(Tree t) {
		return unit.getLineMap().getLineNumber(trees.getSourcePositions().getStartPosition(unit, t));
	}

	void edge(Element callee, String from, String name, long at) {
		if (callee == null || (callee instanceof ExecutableElement && callee.asType().getKind() == TypeKind.ERROR)
				|| !(callee instanceof ExecutableElement || callee instanceof TypeElement) || callee.asType().getKind() == TypeKind.ERROR) {
			System.out.println("U\t" + from + "\t" + name + "\t" + at);
			return;
		}
		TreePath p = trees.getPath(callee);
		if (p == null)
			return;
		CompilationUnitTree u = p.getCompilationUnit();
		if (p.getLeaf() instanceof ClassTree) {
			ClassTree c = (ClassTree) p.getLeaf();
			if (!c.getSimpleName().toString().isEmpty())
				System.out.println("C\t" + from + "\t" + place(u, c, c.getSimpleName().toString()));
		} else if (p.getLeaf() instanceof MethodTree) {
			MethodTree m = (MethodTree) p.getLeaf();
			Tree c = p.getParentPath().getLeaf();
			if (m.getName().contentEquals("<init>") && trees.getSourcePositions().getStartPosition(u, m) == trees.getSourcePositions().getStartPosition(u, c))
				return;
			System.out.println("C\t" + from + "\t" + place(u, m, nameOf(m, p)));
		}
	}

	@Override
	public Void visitMethodInvocation(MethodInvocationTree t, String from) {
		ExpressionTree s = t.getMethodSelect();
		String name = s instanceof MemberSelectTree ? ((MemberSelectTree) s).getIdentifier().toString() : s.toString();
		boolean written = trees.getSourcePositions().getEndPosition(unit, t) > trees.getSourcePositions().getStartPosition(unit, t);
		if (written && !(name.equals("super") && t.getArguments().isEmpty() && implied(t)))
			edge(trees.getElement(new TreePath(getCurrentPath(), s)), from, name, at(t));
		return super.visitMethodInvocation(t, from);
	}

	/** super(), where the text does not say it. */
	boolean implied(Tree t) {
		try {
			long start = trees.getSourcePositions().getStartPosition(unit, t);
			return !unit.getSourceFile().getCharContent(true).toString().startsWith("super", (int) start);
		} catch (java.io.IOException e) {
			throw new RuntimeException(e);
		}
	}

	@Override
	public Void visitNewClass(NewClassTree t, String from) {
		String name = t.getIdentifier().toString();
		Tree around = getCurrentPath().getParentPath().getLeaf();
		Element variable = around instanceof VariableTree ? trees.getElement(getCurrentPath().getParentPath()) : null;
		boolean constant = variable != null && variable.getKind() == ElementKind.ENUM_CONSTANT; // names no type
		if (!constant)
			edge(trees.getElement(new TreePath(getCurrentPath(), t.getIdentifier())), from, name.replaceAll("<.*", ""), at(t));
		Element made = trees.getElement(getCurrentPath());
		if (t.getClassBody() == null)
			edge(made, from, name.replaceAll("<.*", ""), at(t));
		else
			System.out.println("U\t" + from + "\t" + name.replaceAll("<.*", "") + "\t" + at(t));
		return super.visitNewClass(t, from);
	}

	public static void main(String[] args) throws Exception {
		Path root = Paths.get(args[0]).toAbsolutePath().normalize();
		JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
		StandardJavaFileManager files = compiler.getStandardFileManager(d -> { }, null, null);
		List<Path> all;
		try (Stream<Path> walk = Files.walk(root)) {
			all = walk.filter(p -> p.toString().endsWith(".java") && !p.endsWith("module-info.java") && !p.endsWith("package-info.java"))
				      .sorted().collect(Collectors.toList());
		}
		JavacTask task = (JavacTask) compiler.getTask(null, files, d -> { }, List.of("-proc:none", "-XDshould-stop.ifError=FLOW"), null, files.getJavaFileObjectsFromPaths(all));
		List<CompilationUnitTree> units = new ArrayList<>();
		task.parse().forEach(units::add);
		task.analyze();
		Trees trees = Trees.instance(task);
		for (CompilationUnitTree u : units) {
			Oracle o = new Oracle(root, trees, u);
			System.out.println("F\t" + o.file);
			o.scan(u, o.file + "\t0\t");
		}
	}
}
