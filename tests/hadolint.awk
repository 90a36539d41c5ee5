# Four rules of hadolint, as its documentation states them, on the instructions of a Dockerfile; prints what breaks
# one as "LINE RULE":
#   DL3008  versions are pinned in apt-get install      DL3015  and it has --no-install-recommends
#   DL3009  the package lists are deleted after it      DL4006  a pipe only where SHELL has set pipefail
# What stands in quotes is a word of the shell and no command.

function broken(rule) { print at " " rule }
# The command without its quoted words: each becomes Q.
function bare(s,   out, c, i, q) {
	out = ""
	for (i = 1; i <= length(s); i++) {
		c = substr(s, i, 1)
		if (c == "\\") { out = out "Q"; i++; continue }
		if (c != "'" && c != "\"") { out = out c; continue }
		q = substr(s, i - 1, 2) == "$'" ? "$" : c
		for (i++; i <= length(s) && substr(s, i, 1) != c; i++)
			if (substr(s, i, 1) == "\\" && q != "'") i++
		out = out "Q"
	}
	return out
}
function check_install(command, whole,   n, words, i, packages) {
	n = split(command, words, /[ \t]+/)
	for (i = 1; i <= n && words[i] != "apt-get"; i++) continue
	if (i > n || command !~ /[ \t]install([ \t]|$)/) return
	if (command !~ /--no-install-recommends/) broken("DL3015")
	if (whole !~ /rm -rf \/var\/lib\/apt\/lists\/\*/) broken("DL3009")
	for (i++; i <= n; i++)
		if (words[i] != "" && words[i] != "install" && words[i] !~ /^-/ && words[i] !~ /=/) { broken("DL3008"); return }
}
function check_run(text,   plain, n, parts, i) {
	sub(/^RUN[ \t]+/, "", text)
	while (sub(/^--[a-z]+=[^ ]+[ \t]+/, "", text)) continue
	if (text ~ /^\[/) return # words, with a shell of their own
	plain = bare(text)
	gsub(/\|\|/, ";", plain)
	if (plain ~ /\|/ && !pipefail) broken("DL4006")
	n = split(plain, parts, /&&|;|\|/)
	for (i = 1; i <= n; i++) check_install(parts[i], plain)
}

{
	if (pending == "") at = NR
	line = pending $0
	if (line ~ /\\$/) { pending = substr(line, 1, length(line) - 1) " "; next }
	pending = ""
}
line ~ /^FROM[ \t]/ { pipefail = 0 }
line ~ /^SHELL[ \t]/ { pipefail = line ~ /pipefail/ }
line ~ /^RUN[ \t]/ { check_run(line) }
