# What the map says (E and R lines) against what an oracle says (F, D, C and U lines): see tools/bench_oracles.sh.
# The oracle's file is the first.

function place(file, line, name) { return file ":" line ":" name }

# A definition of the oracle for an entity of the map, "" for none
function found(id,    i, key) {
	key = file[id] SUBSEP label[id]
	for (i = 1; i <= count[key]; i++)
		if (first[key, i] <= line[id] && line[id] <= named[key, i])
			return place(file[id], named[key, i], label[id])
	return ""
}

# Where an entity's calls are counted: itself, or what is around it when it has no name of its own for the oracle
function settled(id,    i) {
	for (i = 0; i < 100 && id && kind[id] != "file"; i++) {
		if (defined[id] != "")
			return defined[id]
		id = parent[id]
	}
	return kind[id] == "file" ? place(file[id], 0, "") : ""
}

function ratio(a, b) { return b ? sprintf("%.3f", a / b) : "-" }
function f1(right, ours, theirs) { return ours + theirs ? sprintf("%.3f", 2 * right / (ours + theirs)) : "-" }

NR == FNR && $1 == "F" { compared[$2] = 1 }
NR == FNR && $1 == "D" {
	key = $2 SUBSEP $5
	count[key]++
	first[key, count[key]] = $3
	named[key, count[key]] = $4
	truth[place($2, $4, $5)] = 1
}
NR == FNR && $1 == "C" { call[place($2, $3, $4) "\t" place($5, $6, $7)] = 1 }
NR == FNR && $1 == "U" { unknown[place($2, $3, $4) "\t" $5] = unknown[place($2, $3, $4) "\tline " $6] = 1 }
NR == FNR { next }

$1 == "E" {
	parent[$2] = $3
	file[$2] = $4
	line[$2] = $5
	kind[$2] = $6
	label[$2] = $7
	if ($6 == "file" || !($4 in compared))
		next
	defined[$2] = found($2)
	if (defined[$2] != "")
		seen[defined[$2]] = 1
	else if ($7 !~ /^</)
		extra[place($4, $5, $7)] = 1
}
$1 == "R" && file[$2] in compared && file[$3] in compared {
	if ($4 == "instantiates" && language == "go")
		next
	from = settled($2)
	to = defined[$3] != "" ? defined[$3] : place(file[$3], line[$3], label[$3])
	pair = from "\t" to
	if (label[$3] ~ /^</ || from == "" || (language == "cpp" && (from ~ /:0:$/ || defined[$3] == "" || $4 == "instantiates" || label[$3] == label[parent[$3]] || label[$3] ~ /^~|^operator/)) || (language == "python" && label[$3] ~ /^__.*__$/ && label[$3] !~ /^__(init|new)__$/ && !(pair in call)) ||
			(!(pair in call) && ((from "\t" label[$3]) in unknown || (from "\tline " $6) in unknown)))
		apart[pair] = 1
	else if ($4 == "may-call")
		may[pair] = $5
	else if (!(pair in ours) || ours[pair] < $5)
		ours[pair] = $5
}

END {
	for (d in truth) {
		theirs++
		if (d in seen)
			right++
		else if (verbose)
			print "# definition missing: " d
	}
	for (d in extra) {
		wrong++
		if (verbose)
			print "# definition too many: " d
	}
	for (c in call) {
		calls++
		if (c in ours) {
			hit++
		} else {
			if (c in may)
				maybe++
			if (verbose)
				print "# call missing: " c (c in may ? " (may-call)" : "")
		}
	}
	for (c in ours) {
		said++
		sure += ours[c] >= 0.9
		if (c in call)
			sure_right += ours[c] >= 0.9
		else if (verbose)
			print "# call too many: " c " " ours[c]
	}
	for (c in apart)
		others++
	printf "%s: definitions %d, precision %s, recall %s, F1 %s; calls %d, precision %s, recall %s (%s with may-call), F1 %s; of %d with confidence >= 0.9 right %s; %d apart\n",
		name, theirs, ratio(right, right + wrong), ratio(right, theirs), f1(right, right + wrong, theirs),
		calls, ratio(hit, said), ratio(hit, calls), ratio(hit + maybe, calls), f1(hit, said, calls), sure, ratio(sure_right, sure), others
}
