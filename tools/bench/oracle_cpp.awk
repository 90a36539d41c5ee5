# gcc's call graphs (-fcallgraph-info) of the sources of a tree, one behind the other, as the lines of an oracle (tools/bench_oracles.sh).
#
# A function is known by its mangled name, which a local one has behind its file's; where it is defined its label says, first in the
# words of C++ ("int n::A::f(int) const"), then as file, line and column.

function field(name,    at, s) {
	at = index($0, name ": \"")
	if (!at)
		return ""
	s = substr($0, at + length(name) + 3)
	return substr(s, 1, index(s, "\"") - 1)
}

# The words without what belongs to a template, or is given to it
function plain(s) {
	sub(/ \[with .*$/, "", s)
	sub(/ \[.*\]$/, "", s)
	return s
}

# The last name before the parameters; "" of what has none in its source
function name_of(s,    i, c, depth, end) {
	s = plain(s)
	if (s ~ /operator|<lambda|<unnamed>\(|\{/)
		return ""
	for (i = length(s); i > 0; i--) {
		c = substr(s, i, 1)
		if (c == ")" || c == ">")
			depth++
		if (c == "(" || c == "<")
			depth--
		if (c == "(" && !depth) {
			end = i
			break
		}
	}
	s = end ? substr(s, 1, end - 1) : s
	while (s ~ />$/) { # arguments of a template
		for (depth = 0; i > 0; i--) {
			c = substr(s, i, 1)
			depth += (c == ">") - (c == "<")
			if (c == "<" && !depth)
				break
		}
		s = substr(s, 1, i - 1)
	}
	sub(/^.*[ :*&]/, "", s)
	return s
}

# Is it called without its name: made, or ended?
function is_made(s, name,    before) {
	s = plain(s)
	if (name ~ /^~/ || s ~ /~/)
		return 1
	before = s
	sub(/\(.*$/, "", before)
	gsub(/<[^<>]*>/, "", before)
	return before ~ ("(^|[: ])" name "::" name "$")
}

/^node:/ && /shape : ellipse/ { next } # only declared
/^node:/ {
	title = field("title")
	split(field("label"), part, "\\\\n")
	if (part[1] == ")" || split(part[2], at, ":") < 2 || at[1] ~ /^\//)
		next # it has no words for what takes any number of arguments
	file = at[1]
	sub(/^\.\//, "", file)
	while (match(file, /[^\/]+\/\.\.\//))
		file = substr(file, 1, RSTART - 1) substr(file, RSTART + RLENGTH)
	label[title] = part[1]
	where[title] = file "\t" at[2]
	words = plain(part[1])
	sub(/^.* /, "", words)
	by_words[words] = title
	next
}
/^edge:/ {
	n++
	source[n] = field("sourcename")
	target[n] = field("targetname")
	split(field("label"), at, ":")
	line[n] = at[2]
}

# What a lambda does is done by what is around it
function settled(title,    s, i) {
	for (i = 0; i < 10 && label[title] ~ /<lambda/; i++) {
		s = plain(label[title])
		sub(/::<lambda.*$/, "", s)
		sub(/^.* /, "", s)
		if (!(s in by_words) || by_words[s] == title)
			return ""
		title = by_words[s]
	}
	return title
}

END {
	OFS = "\t"
	for (t in where) {
		split(where[t], at, "\t")
		name = name_of(label[t])
		print "F", at[1]
		if (name != "")
			print "D", at[1], sprintf("%06d", at[2] > 8 ? at[2] - 8 : 1), at[2], name, "function"
	}
	for (i = 1; i <= n; i++) {
		from = settled(source[i])
		if (!(from in where))
			continue
		caller = name_of(label[from])
		split(where[from], a, "\t")
		if (target[i] == "__indirect_call")
			print "U", a[1], a[2], caller, "", line[i]
		if (!(target[i] in where))
			continue
		name = name_of(label[target[i]])
		split(where[target[i]], b, "\t")
		if (caller != "" && name != "" && !is_made(label[target[i]], name))
			print "C", a[1], a[2], caller, b[1], b[2], name
	}
}
