# What gcc says of the C++ of a tree, as tools/bench_oracles.sh wants it: oracle_cpp.sh TREE.  Each source that compiles by itself, with
# every directory of the tree to include from, at -O0 and with inline functions that nobody calls; what is in headers comes from all of
# them.  Calls that have no name where they stand are left out: of constructors, destructors and operators.
here=$(dirname "$0")
cd "$1" || exit 1
mkdir -p /tmp/ci
dirs=$(find . -type d -not -name '.*' | sed 's/^/-I/')
n=0
find . -name '*.cpp' -o -name '*.cc' -o -name '*.cxx' | sort | while IFS= read -r file; do
	n=$((n + 1))
	# shellcheck disable=SC2086
	g++ -w -std=c++17 -O0 -fkeep-inline-functions -fcallgraph-info $dirs -c -o "/tmp/ci/$n.o" "$file" 2>/dev/null && echo "$file" || echo "does not compile: $file" >&2
done
cat /tmp/ci/*.ci | awk -f "$here/oracle_cpp.awk"
