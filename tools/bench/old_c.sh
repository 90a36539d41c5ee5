# Old C of the machine's package sources, file by file: for scripts that read it by ".".  Needs $top, $state, $cache, $out.
. "$top/tools/bench/apt_source.sh"

# old_c_tree NAME: C and headers of a source package, as its authors left them, in $cache/old-c-trees/NAME, with a Makefile that compiles
# each file by itself, without configuration, with the directories that have headers; what does not compile so is left out there.
old_c_tree() {
	local d=$cache/old-c-trees/$1 from
	[ ! -e "$d/GNUmakefile" ] || return 0
	[ -n "${apt_conf:-}" ] || apt_config "$cache/apt" "$out/apt.log"
	from=$(mktemp -d "$cache/old-c.XXXXXX")
	rm -rf "$d"
	mkdir -p "$d"
	chmod 777 "$d"
	chmod 755 "$from"
	(cd "$from" && APT_CONFIG=$apt_conf apt-get source --download-only "$1") >>"$out/apt.log" 2>&1
	rm -f "$from"/*.debian.* "$from"/*.dsc "$from"/*.diff.* "$from"/*.asc
	"$top/build/drydock" sandbox run --quiet --state "$state" --bind /usr:/usr:ro --bind "$from:/archive:ro" --bind "$d:/tree" -- /bin/sh -c '
		mkdir /tmp/all && cd /tmp/all || exit 1
		for a in /archive/*; do tar -xf "$a" || exit 1; done
		find . -type f -name "*.[ch]" | grep -E "^[A-Za-z0-9_./+-]+$" | while read -r f; do cp --parents "$f" /tree; done
		chmod -R a+rwX /tree' >>"$out/apt.log" 2>&1
	rm -rf "$from"
	[ -n "$(find "$d" -name '*.c' -print -quit)" ] || return 1
	cat >"$d/GNUmakefile" <<-'M'
		SOURCES := $(shell find . -name '*.c' | LC_ALL=C sort)
		DIRS := $(sort $(patsubst %/,%,$(dir $(shell find . -name '*.h'))))
		all: $(SOURCES:.c=.o)
		%.o: %.c; @$(CC) -std=gnu17 $(addprefix -I,$(DIRS)) -c -o $@ $< 2>/dev/null || :
	M
}
