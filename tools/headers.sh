#!/bin/sh
# Write agents/data/headers.tsv anew: which header of the C library declares a function.  The compiler itself is
# asked (-aux-info), once for each header alone: NAME, HEADER, and its declaration where the header shows it only to those
# who define _GNU_SOURCE, or where it needs no type but those of the language: for source that cannot have the header,
# because it declares others of it in its own way.  A function that several headers declare belongs to the first of this list that it
# stands in itself, else to the one that declares fewest.
set -eu
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
headers='stdio stdlib string strings unistd fcntl ctype errno math time signal setjmp stdarg locale wchar wctype
	assert inttypes complex fenv sys/types sys/stat sys/time sys/wait sys/socket sys/ioctl sys/mman sys/select sys/uio
	sys/un sys/resource sys/times sys/utsname sys/file sys/param sys/mount sys/statfs sys/statvfs sys/ipc sys/msg sys/sem
	sys/shm sys/poll sys/sysinfo sys/epoll sys/eventfd sys/inotify sys/ptrace sys/sendfile sys/random sys/xattr
	sys/timerfd sys/signalfd sys/prctl sys/klog sys/swap sys/reboot sys/quota sys/timeb sys/vfs arpa/inet netinet/in
	netinet/ether netdb net/if poll pwd grp shadow dirent dlfcn glob fnmatch ftw regex search utime termios pty utmp
	utmpx syslog sched pthread semaphore mqueue aio spawn libgen langinfo iconv nl_types monetary ulimit wordexp
	getopt alloca malloc mntent fstab paths err error argz envz obstack execinfo ifaddrs resolv crypt libintl
	printf ttyent stropts fts ucontext cpio tar lastlog sgtty termio arpa/nameser arpa/telnet netinet/tcp threads
	uchar aliases argp byteswap endian gshadow stdio_ext thread_db'
# decls FLAGS: NAME HEADER OWN COUNT DECLARATION for all headers
decls() {
	order=0
	for h in $headers; do
		order=$((order + 1))
		printf '#include <sys/types.h>\n#include <%s.h>\n' "$h" >"$tmp/t.c"
		[ "$h" != regex ] && [ "$h" != stdio_ext ] || printf '#include <stdio.h>\n#include <%s.h>\n' "$h" >"$tmp/t.c"
		gcc $1 -w -fsyntax-only -aux-info "$tmp/aux" "$tmp/t.c" 2>/dev/null || continue
		sed -n 's|^/\* \([^:]*\):[0-9]*:.. \*/ extern \(.*\);$|\1\t\2|p' "$tmp/aux" | awk -F'\t' -v h="$h.h" -v order=$order '
			{ d = $2; if (!match(d, /[A-Za-z_][A-Za-z_0-9]* \(/)) next
			  name = substr(d, RSTART, RLENGTH - 2); if (name ~ /^_/ || seen[name]++) next
			  f = $1; sub(/^.*\/include\//, "", f); sub(/^[a-z0-9_]*-linux-gnu\//, "", f)
			  n++; N[n] = name; O[n] = (f == h); D[n] = d }
			END { for (i = 1; i <= n; i++) printf "%s\t%s\t%d\t%d\t%s;\n", N[i], h, O[i], O[i] ? order : n, D[i] }'
	done
}
decls -D_GNU_SOURCE | LC_ALL=C sort -t"$(printf '\t')" -k1,1 -k3,3nr -k4,4n -s | awk -F'\t' '!seen[$1]++' >"$tmp/gnu"
decls '' | cut -f1 | LC_ALL=C sort -u >"$tmp/plain"
{
	echo '# Made by tools/headers.sh: function of the C library, header, and its declaration where only _GNU_SOURCE shows it, or where it needs no other types.'
	awk -F'\t' '
		BEGIN { n = split("void char short int long float double signed unsigned const __SIZE_TYPE__", w, " "); for (i = 1; i <= n; i++) known[w[i]] = 1 }
		# The declaration, if all its words are of the language; else nothing.
		function plainly(name, d,    k, n, w) {
			gsub(/size_t/, "__SIZE_TYPE__", d)
			n = split(d, w, /[^A-Za-z_0-9]+/)
			for (k = 1; k <= n; k++) if (w[k] != "" && w[k] != name && !(w[k] in known)) return ""
			return d
		}
		NR == FNR { plain[$1] = 1; next }
		{ print $1 "\t" $2 "\t" ($1 in plain ? plainly($1, $5) : $5) }' "$tmp/plain" "$tmp/gnu"
} >agents/data/headers.tsv
