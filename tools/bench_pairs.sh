#!/bin/bash
# `make bench-intent PAIRS=n`: pairs of tasks that a plan marks as fit to run side by side, executed both ways.
#
# n trees of Python modules that import one another at random, each module a task that changes its function and adds a case for
# the sum it now has, which is another if a task that is not before it has been executed; and the harbour of tests/apps.  A plan is
# executed by `drydock work` and the stand-in in as many orders as it takes until each pair has been executed both ways.  A pair
# conflicts where an order leaves a task undone, or ends with another tree than the first.
#
# The last tree is the control: its functions call one another by names that are put together, which no map sees.
# There the plan is wrong, and must be seen to be.
#
#   PAIRS=n    MODULES=n (7)    STATE=DIR
export DD_ROOT=$(cd "$(dirname "$0")/.." && pwd)
export STANDIN_S=86400
[ -z "${STATE:-}" ] || export DD_TEST_STATE=$STATE
. "$DD_ROOT/tests/tap.sh"
. "$DD_ROOT/tests/agents/works.sh"
modules=${MODULES:-7}

# grow SEED DIR HOW: a repository; $2.tsv has a line a module: its number and those it calls
grow() {
	mkdir -p "$2/tests"
	awk -v seed="$1" -v dir="$2" -v n="$modules" -v how="$3" 'BEGIN { srand(seed)
		for (i = 0; i < n; i++) {
			f = dir "/m" i ".py"; t = dir "/tests/test_m" i ".py"; head = ""; sum = ""; calls = ""
			for (k = 0; k < i; k++) if (rand() < 0.22) {
				calls = calls " " k
				if (how == "seen") { head = head "from m" k " import f" k "\n"; sum = sum " + f" k "(x)" }
				else { head = "from importlib import import_module\n"; sum = sum " + getattr(import_module(\"m%d\" % " k "), \"f%d\" % " k ")(x)" } }
			printf "%s\n\ndef f%d(x):\n    return x + %d%s\n", head, i, i, sum >f; close(f)
			printf "import unittest\n\nfrom m%d import f%d\n\n\nclass M%d(unittest.TestCase):\n    def test_f%d(self):\n        self.assertIsNotNone(f%d(5))\n", i, i, i, i, i >t; close(t)
			print i calls >(dir ".tsv") } }'
	: >"$2/tests/__init__.py"
	git -C "$2" init -q -b main
	git -C "$2" add -A
	git -C "$2" -c user.name=a -c user.email=a@example.org commit -q -m first
}
# wish DIR: a page of intent, and the plan of it to DIR.plan
wish() {
	{
		echo "# Other sums"
		for i in $(seq 0 $((modules - 1))); do printf -- '- `f%d` must add 10%d in m%d.py.\n  - f%d(5) is at least 10%d\n' $i $i $i $i $i; done
	} >"$1.md"
	"$drydock" plan --quiet --state "$state" --intent "$1.md" -o "$1.plan" "$1" 2>/dev/null
}
# What the author of each task of a tree does: DIR
tell_of_tree() {
	tasks=$(jq -c '[.sections[] | select(.title == "Tasks") | .items[] | {id, n: (.names.writes[0] | ltrimstr("m") | rtrimstr(".py") | tonumber), after: (.names.after // [])}]' "$1.plan/plan.json")
	for task in $(jq -c '.[]' <<<"$tasks"); do
		id=$(jq -r .id <<<"$task") i=$(jq -r .n <<<"$task")
		# the sum when those before it, and no others, were executed
		sum=$(jq -n --argjson tasks "$tasks" --arg id "$id" --rawfile calls "$1.tsv" '
			def before($id): ($tasks[] | select(.id == $id).after[]) | ., before(.);
			([$id, before($id)] | unique) as $done | [$tasks[] | select(.id | IN($done[])).n] as $new |
			($calls | split("\n") | map(select(. != "") | split(" ") | map(tonumber) | {key: (.[0] | tostring), value: .[1:]}) | from_entries) as $of |
			def sum($i): 1000 + $i + (if ($i | IN($new[])) then 100 else 0 end) + ([$of[$i | tostring][] | sum(.)] | add // 0);
			sum('"$i"')')
		jq -n --arg id "$id" --argjson i "$i" --argjson sum "$sum" '("        self.assertIsNotNone(f\($i)(5))") as $line | {id: "holds:\n\($id)", needs: [], answers: [{summary: "Add 10\($i)", edits: [
			{path: "m\($i).py", find: "return x + \($i)", replace: "return x + 10\($i)"},
			{path: "tests/test_m\($i).py", find: $line, replace: "\($line)\n\n    def test_f\($i)_of_now(self):\n        self.assertEqual(f\($i)(1000), \($sum))"}]}]}' |
			work_task "plan-$id"
	done
}
# orders PLAN: an order of its tasks a line, until each pair that it marks was there both ways, and how many pairs these are
orders() {
	perl -ne '
		$in = /^## Tasks/ ? 1 : /^## / ? 0 : $in;
		push @ids, $id = $1 if $in && /^### (\S+):/;
		$after{$id} = [/`(T-[^`]+)`/g] if $in && /^- after:/;
		$beside{$id} = [/`(T-[^`]+)`/g] if $in && /^- parallel with:/;
		sub put { my ($x, $order, $seen) = @_; return if $seen->{$x}++; put($_, $order, $seen) for @{$after{$x} // []}; push @$order, $x }
		sub told { my ($order) = @_; my %at; @at{@$order} = 0 .. $#$order;
			for my $a (@ids) { for (@{$beside{$a} // []}) { delete $left{"$a $_"} if $at{$a} < $at{$_} } }
			print "@$order\n" }
		END {
			for my $a (@ids) { $left{"$a $_"} = 1 for @{$beside{$a} // []} }
			my $pairs = keys(%left) / 2; my (@order, %seen);
			put($_, \@order, \%seen) for @ids; told(\@order);
			while (my ($next) = sort keys %left) { # the later one of a pair, with all it is after, and from the end what else there is
				my ($first, $second) = split / /, $next; my (@order, %seen);
				put($first, \@order, \%seen); put($_, \@order, \%seen) for reverse @ids; told(\@order);
				if (delete $left{$next}) { print "cannot\n"; last }
			}
			print "pairs $pairs\n";
		}' "$1"
}
# in_order PLAN ORDER: the plan with its tasks written so
in_order() {
	perl -0777 -pe 'BEGIN { @order = split / /, shift }
		s{(?<=\n)(### T-.*?)(?=\n## )}{ my %of = map { /^### (\S+):/ ? ($1 => $_) : () } split /(?<=\n)(?=### )/, "$1\n"; join "", @of{@order} }se' "$2" "$1" >"$1.new" && mv "$1.new" "$1"
}
# both_ways NAME TREE PLAN
both_ways() {
	orders "$3/plan.md" >"$tmp/orders"
	pairs=$(sed -n 's/^pairs //p' "$tmp/orders") first= n=0 bad=0 undone=
	[ "$(grep -c cannot "$tmp/orders")" = 0 ] || undone="an order could not be made"
	while read -r order; do
		in_order "$3/plan.md" "$order"
		approve "$3"
		[ "$status" = 0 ] || { undone="not approved: $(head -n 1 "$tmp/err")" bad=$((bad + 1)); break; }
		work --models "$tmp/both.json" "$3"
		n=$((n + 1))
		got=$(git -C "$2" rev-parse --verify --quiet "$(json '.branch // "none"')^{tree}")
		not=$(json '[.tasks[] | select(.outcome != "done") | .id + " " + .outcome] | join(", ")')
		first=${first:-$got}
		if [ "$not" ] || [ -z "$got" ] || [ "$got" != "$first" ]; then
			bad=$((bad + 1))
			undone="${not:-another tree}"
		fi
	done < <(grep '^T-' "$tmp/orders")
	echo "| $1 | $pairs | $n | $bad | $undone |"
}

models "$tmp/both.json" plan judge '[{"context": 100}]'
echo "| tree | pairs marked | orders executed | orders that ended otherwise | how |"
echo "|---|---|---|---|---|"
plan_harbour "$tmp/p"
both_ways harbour "$app" "$tmp/p"
for seed in $(seq 1 "${PAIRS:?PAIRS=n}") control; do
	tree=$tmp/tree-$seed
	if [ "$seed" = control ]; then grow 1 "$tree" unseen; else grow "$seed" "$tree" seen; fi
	wish "$tree"
	tell_of_tree "$tree"
	both_ways "$seed" "$tree" "$tree.plan"
done
