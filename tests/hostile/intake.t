#!/bin/sh
# Alone: it measures the machine, and looks for what is left on it.
# Sources that harm whoever takes them in: archives that write elsewhere, git repositories that run something or
# point elsewhere.  Each through the whole of `drydock up`; what is refused is a usage error that names the reason.
. "$(dirname "$0")/hostile.sh"
mkdir "$tmp/outside" && echo victim >"$tmp/outside/victim" && chmod -R a+rwX "$tmp/outside"
links=$(stat -c %h "$tmp/outside/victim")

nothing_outside() {
	is "$1: nothing outside" "$(cat "$tmp/outside/victim") $(stat -c %h "$tmp/outside/victim") $(ls -A "$tmp/outside" | tr '\n' ' ')$(ls -d /tmp/drydock-hostile-attack* "$tmp/pwned" 2>/dev/null)" \
		"victim $links victim "
}
# archive KIND EXPECTED AIM: refused with that message, or the outcome
archive() {
	"$attacks/tool_archive" "$1" "$3" | gzip -9 >"$tmp/$1.tar.gz"
	up "$tmp/$1.tar.gz"
	case $2 in
	up) is "archive $1: taken in without it" "$status $(json .outcome)" "0 up" ;;
	*) is "archive $1: refused" "$status $(grep -c "$2" "$tmp/err")" "2 1" ;;
	esac
	nothing_outside "archive $1"
}
archive good up x
archive climb "'..' in its path" x
archive absolute "absolute path" "$tmp/outside/victim"
archive through-link "leads through a symbolic link" "$tmp/outside"
archive through-relative-link "leads through a symbolic link" x
archive hard-link "absolute path" "$tmp/outside/victim"
archive hard-link-written "absolute path" "$tmp/outside/victim"
archive hard-link-up "'..' in its path" x
archive link-to-link "hard link to what is not a file" "$tmp/outside/victim"
archive devices up x
archive duplicates "would replace a file by a directory" x
archive set-id up x
archive deep "d/d/d/d" x
archive bomb "expands to more than" x
archive huge-promise "Truncated" x
archive git-directory up x

# --- git
git_() { git -c user.name=t -c user.email=t@example.org -c init.defaultBranch=main -c commit.gpgsign=false -c core.protectNTFS=false -c core.protectHFS=false "$@"; }
payload="touch $tmp/pwned pwned /work/pwned"
app() { # DIR: the application in it, in a repository
	git_ init -q "$1"
	printf 'all:\n\t@true\ncheck:\n\t@! test -e pwned\n' >"$1/Makefile"
	git_ -C "$1" add . && git_ -C "$1" commit -qm one
}

# It names programs to run in every place git looks at; none runs, outside or inside.
work=$tmp/work
app "$work"
printf '* filter=x diff=x merge=x\n' >"$work/.gitattributes"
git_ -C "$work" add . && git_ -C "$work" commit -qm attributes
for hook in post-checkout post-index-change pre-commit post-merge fsmonitor-watchman reference-transaction; do
	printf '#!/bin/sh\n%s\n' "$payload" >"$work/.git/hooks/$hook" && chmod 755 "$work/.git/hooks/$hook"
done
cat >>"$work/.git/config" <<C
[core]
	fsmonitor = $payload
	sshCommand = $payload
	pager = $payload
	gitProxy = $payload
	hooksPath = $work/.git/hooks
[filter "x"]
	smudge = $payload
	clean = $payload
	process = $payload
	required = true
[diff "x"]
	textconv = $payload
[credential]
	helper = "!$payload"
[include]
	path = $tmp/outside/victim
C
before=$(digest "$work")
up "$work"
is "git: a work tree full of programs to run" "$status $(json .outcome)" "0 up"
nothing_outside "git: programs"
is "git: it is as it was" "$(digest "$work")" "$before"
git_ clone -q --bare "$work" "$tmp/bare.git" 2>/dev/null || cp -R "$work/.git" "$tmp/bare.git"
cp "$work/.git/config" "$tmp/bare.git/config"
cp -R "$work/.git/hooks" "$tmp/bare.git/"
sed -i 's/bare = false/bare = true/' "$tmp/bare.git/config"
rm -f "$tmp/pwned" # git itself may have run one here
up "$tmp/bare.git"
is "git: the same as a bare repository" "$status $(json .outcome)" "0 up"
nothing_outside "git: programs of a bare repository"

# bare NAME: a bare repository of the application, to spoil
bare() {
	app "$tmp/plain-$1"
	git_ clone -q --bare "$tmp/plain-$1" "$tmp/$1.git"
}
# named LABEL MODE TYPE NAME: a commit whose tree has an entry of that name
named() {
	bare "$1"
	g=$tmp/$1.git
	blob=$(printf '#!/bin/sh\n%s\n' "$payload" | git_ -C "$g" hash-object -w --stdin)
	link=$(printf '%s' "$tmp/outside" | git_ -C "$g" hash-object -w --stdin)
	hooks=$(printf '100755 blob %s\tpost-checkout\n' "$blob" | git_ -C "$g" mktree)
	inner=$(printf '040000 tree %s\thooks\n' "$hooks" | git_ -C "$g" mktree)
	case $3 in tree) object=$inner ;; link) object=$link ;; *) object=$blob ;; esac
	tree=$({ git_ -C "$g" ls-tree main; printf '%s %s %s\t%s\n' "$2" "$([ $3 = tree ] && echo tree || echo blob)" "$object" "$4"; } | git_ -C "$g" mktree)
	commit=$(git_ -C "$g" commit-tree -m evil "$tree")
	git_ -C "$g" update-ref refs/heads/main "$commit"
	up "$g"
	case $status in
	2) ok "git: a tree with $1 is refused" grep -q . "$tmp/err" ;;
	*) is "git: a tree with $1 is harmless" "$status $(json .outcome)" "0 up" ;;
	esac
	nothing_outside "git: $1"
}
named dot-git 040000 tree .git
named dot-GIT 040000 tree .GIT
named dot-git-short 040000 tree GIT~1
named dot-git-link 120000 link .git
named dot-dot 040000 tree ..
named one-dot 100644 blob .
named gitmodules-link 120000 link .gitmodules
named link-out 120000 link out
named control-name 100644 blob "$(printf 'x\033]0;owned\007')"

# A link and a directory of the same name: what is written below the second would go through the first.
bare twice
g=$tmp/twice.git
blob=$(echo harm | git_ -C "$g" hash-object -w --stdin)
link=$(printf '%s' "$tmp/outside" | git_ -C "$g" hash-object -w --stdin)
inner=$(printf '100644 blob %s\tvictim\n' "$blob" | git_ -C "$g" mktree)
tree=$({ git_ -C "$g" ls-tree main; printf '120000 blob %s\tsame\n040000 tree %s\tsame\n' "$link" "$inner"; } | git_ -C "$g" mktree)
git_ -C "$g" update-ref refs/heads/main "$(git_ -C "$g" commit-tree -m evil "$tree")"
up "$g"
ok "git: a link and a directory of one name end it or are harmless" test "$status" = 2 -o "$status" = 0
nothing_outside "git: a link and a directory of one name"

# Submodules whose address is an option or a command, whose place or name lies outside, with a command to update.
submodule() { # LABEL EXPECTED LINES
	bare "$1"
	g=$tmp/$1.git
	modules=$(printf "[submodule $3" | git_ -C "$g" hash-object -w --stdin)
	tree=$({ git_ -C "$g" ls-tree main; printf '100644 blob %s\t.gitmodules\n160000 commit %s\tsub\n' "$modules" \
		"$(git_ -C "$g" rev-parse main)"; } | git_ -C "$g" mktree --missing)
	git_ -C "$g" update-ref refs/heads/main "$(git_ -C "$g" commit-tree -m evil "$tree")"
	up "$g"
	is "git: a $1" "$status" "$2"
	nothing_outside "git: $1"
}
submodule "submodule address that is an option" 0 '"x"]\n\tpath = sub\n\turl = -u./pwned\n'
submodule "submodule address that is a command" 0 '"x"]\n\tpath = sub\n\turl = ext::sh -c "touch pwned"\n'
submodule "submodule place outside" 0 '"x"]\n\tpath = ../outside\n\turl = x\n'
submodule "submodule name outside" 2 '"../../../x"]\n\tpath = sub\n\turl = x\n'
submodule "submodule with a command to update" 2 '"x"]\n\tpath = sub\n\turl = x\n\tupdate = !touch pwned\n'

# Objects and references that lie elsewhere on this machine.
app "$tmp/other" && echo "private notes" >"$tmp/other/private" && git_ -C "$tmp/other" add . && git_ -C "$tmp/other" commit -qm private
bare alternates
g=$tmp/alternates.git
mkdir -p "$g/objects/info" && echo "$tmp/other/.git/objects" >"$g/objects/info/alternates"
git_ -C "$g" update-ref refs/heads/main "$(git_ -C "$tmp/other" rev-parse main)"
up "$g"
ok "git: objects of another repository on this machine are not read" sh -c '[ "$1" != 0 ] && ! grep -q "private notes" "$2"' sh "$status" "$tmp/out"
app "$tmp/pointer" && mv "$tmp/pointer/.git" "$tmp/elsewhere.git" && echo "gitdir: $tmp/elsewhere.git" >"$tmp/pointer/.git"
up "$tmp/pointer"
is "git: a .git that points elsewhere is not followed" "$status $(json .outcome)" "0 up"
bare refs
g=$tmp/refs.git
rm -f "$g/HEAD" && ln -s "$tmp/outside/victim" "$g/HEAD"
up "$g"
ok "git: a HEAD that is a link out tells nothing of it" sh -c '! grep -q "^victim\|: victim" "$1" "$2"' sh "$tmp/out" "$tmp/err"
nothing_outside "git: HEAD"

# --- a source that is a trap as it lies there
mkdir "$tmp/trap" && printf 'all:\n\t@true\ncheck:\n\t@true\n' >"$tmp/trap/Makefile"
mkfifo "$tmp/trap/fifo" && ln -s /etc/shadow "$tmp/trap/shadow" && ln -s "$tmp/outside" "$tmp/trap/out" && ln -s . "$tmp/trap/self"
ln -s /dev/zero "$tmp/trap/endless" && ln "$tmp/outside/victim" "$tmp/trap/hard" 2>/dev/null
links=$(stat -c %h "$tmp/outside/victim")
up "$tmp/trap"
is "a directory with a FIFO and links out" "$status $(json .outcome)" "0 up"
nothing_outside "the directory"
same_host "this machine is as it was"
done_testing
