# What was counted since the last time, from the directory $1; the tools are in $2, the tree is $3.
cd "$1" || exit 0
export LC_ALL=C
unset NODE_V8_COVERAGE PYTHONPATH LD_PRELOAD DRYDOCK_REACH
for f in py.*; do
	[ -f "$f" ] && echo N && cat "$f"
done
[ -d v8 ] && node "$2/reach.js" "$1/v8" "$3"
if cat c.* >calls 2>/dev/null; then
	sort -u calls
	awk -F '\t' 'NF > 2 { print $2 "\t" $3 } NF > 4 { print $4 "\t" $5 }' calls | sort -u >places
	cut -f 1 places | sort -u | while IFS= read -r m; do
		M=$m awk -F '\t' '$1 == ENVIRON["M"] { print $2 }' places >offsets
		addr2line -f -e "$m" <offsets | paste - - | paste offsets - | M=$m awk '{ print "A\t" ENVIRON["M"] "\t" $0 }'
	done
fi
find gcov -name '*.gcda' 2>/dev/null | head -n 2000 | while IFS= read -r f; do
	o=/${f#gcov/}
	ln -s "${o%.gcda}.gcno" "${f%.gcda}.gcno"
	(cd "${o%/*}" && gcov --json-format --stdout "$1/$f") 2>/dev/null
done
cd "$2" && rm -rf "$1" && mkdir "$1"
