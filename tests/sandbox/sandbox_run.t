#!/bin/sh
# Alone: it measures, and sweeps.
# `drydock sandbox run`: its contract, its limits, and what a program inside cannot do.
. "$(dirname "$0")/../tap.sh"

sb() { run "$drydock" sandbox run --state "$state" "$@"; }
inside() { sb -- /bin/sh -c "$1"; }
result() { jq -r "$1" "$tmp/result"; }

inside : # builds the base image when it is absent

# --- the contract
sb -- /bin/ls -A /
is "the root has what a system has" "$(tr '\n' ' ' <"$tmp/out")" \
	"bin boot dev etc home lib lib64 media mnt opt proc root run sbin srv sys tmp usr var work "
inside 'echo out; echo err >&2; exit 7'
is "status, output and error are the program's" "$status $(cat "$tmp/out") $(cat "$tmp/err")" "7 out err"
inside 'kill -TERM $$'
is "128+N for a signal" "$status" 143
sb -- /bin/cat /dev/stdin </dev/null
echo through | "$drydock" sandbox run --state "$state" -- /bin/cat >"$tmp/out"
is "standard input is the caller's" "$(cat "$tmp/out")" through
if [ "$(id -u)" = 0 ]; then # else it has those of who started it
	inside 'sed -n "s/^Groups:[[:space:]]*//p" /proc/self/status; id -g'
	is "who is in it has its own group among its groups, as who logs in" "$(sed 's/ *$//' "$tmp/out" | uniq | wc -l)" 1
fi
sb --bind "$tmp/nowhere:/x" -- /bin/true
is "a bind of what is not there is drydock's own failure" "$status" 125
for i in 1 2 3 4 5; do
	sb --bind "$tmp:/bin" -- /bin/true
	echo "$status $(cat "$tmp/err")"
done | sort -u >"$tmp/refused"
is "a pod that cannot be made is told of with the reason" "$(cat "$tmp/refused")" \
	"125 drydock: sandbox: /bin is a link in the image; it must be a directory"
sb -- /no/such/program
is "a program that is not there" "$status" 127
sb --net everything -- /bin/true
is "an unknown network is a usage error" "$status" 2
sb --result "$tmp/result" -- /bin/sh -c 'exit 3'
is "the result has what the contract says" "$(result 'keys_unsorted | join(" ")')" \
	"exit signal cause cpu_ms wall_ms peak_bytes denied"
is "exit and cause" "$(result '[.exit, .cause] | join(" ")')" "3 none"
sb --json -- /bin/sh -c 'echo out; exit 3'
is "--json prints it behind what the command prints" "$(sed 1d "$tmp/out" | jq -r '[.exit, .cause, (.denied | length)] | join(" ")') $(head -n 1 "$tmp/out")" \
	"3 none 0 out"
mkdir "$tmp/programs" && ln -s "$root/build/drydock-box" "$tmp/programs"
printf '#!/bin/sh\necho core: "$@" >&2\nexit 1\n' >"$tmp/programs/drydock-core" && chmod 755 "$tmp/programs/drydock-core"
run env DRYDOCK_PROGRAMS="$tmp/programs" "$drydock" sandbox run --quiet --state "$tmp/new" -- true
is "a base image that is absent is built as quietly as was asked" "$status $(grep core: "$tmp/err")" \
	"125 core: image build --state $tmp/new --quiet"
sb --result "$tmp/result" -- unshare -U true
is "denied calls, with the profile that would open them" "$(result '.denied[0] | [.call, .profile] | tostring')" \
	'["unshare","browser"]'
has "and people are told" "$tmp/err" "denied: unshare by /usr/bin/unshare"
mkdir "$tmp/shared" && echo mine >"$tmp/shared/file" && chmod -R a+rX "$tmp"
sb --bind "$tmp/shared:/shared:ro" -- /bin/sh -c 'cat /shared/file; echo harm >/shared/file || echo refused'
is "a read-only bind" "$(cat "$tmp/out")" "mine
refused"
inside 'touch ~/kept && ls ~'
inside 'ls ~'
is "nothing is kept" "$(cat "$tmp/out")" ""
touch "$tmp/before"
sleep 0.1 # the clock of files is coarse
inside true
is "it writes no journal, and no run" "$(find "$state" \( -name pods -o -path "*/layers/*" \) -prune -o \( -name '*.db*' -o -path '*/runs/*' \) -newer "$tmp/before" -print)" ""

# --- limits, each with its cause
limit() { # CAUSE OPTION VALUE SCRIPT
	sb --result "$tmp/result" "$2" "$3" -- /bin/sh -c "$4"
	is "the limit of $1 is enforced and named" "$(result .cause) $([ "$status" != 0 ] && echo failed)" "$1 failed"
}
start=$(date +%s)
limit time --time 1 'sleep 30'
ok "at once" test $(($(date +%s) - start)) -lt 25
limit memory --memory 64M 'perl -e "my @a; push @a, q(x) x 1000000 for 1..400; sleep 20"; kill -9 $$'
limit pids --pids 20 'for i in $(seq 60); do sleep 20 & done; wait; exit 1'
limit pids --pids 20 'perl -e "pipe R, W; for (1..5000) { my \$p = fork; exit 1 if !defined \$p; if (!\$p) { close W; read R, my \$x, 1; exit } }"; sleep 0.05; exit 1' # and all of them give up at once
limit disk --disk 8M 'mkdir d; i=0; while [ $i -lt 50000 ]; do echo x >d/$i; i=$((i + 1)); done; sleep 20'
limit disk --disk 16M 'dd if=/dev/zero of=a bs=1M count=12; dd if=/dev/zero of=b bs=1M count=12; sleep 20'
for limit in "--memory 64K" "--pids 1"; do
	rm -f "$tmp/result"
	# shellcheck disable=SC2086
	sb --result "$tmp/result" $limit -- /bin/sh -c 'sleep 5; exit 1'
	name=${limit#--} && name=${name%% *}
	ok "a limit less than a pod takes is named: $limit" sh -c '[ "$1" != 0 ] && { grep -q "the $2 limit is less" "$3/err" || [ "$(jq -r .cause "$3/result")" = "$2" ]; }' \
		sh "$status" "$name" "$tmp"
done
sb --result "$tmp/result" --memory 1G --disk 1G --pids 100 --time 60 -- /bin/true
is "within all limits" "$status $(result .cause)" "0 none"

# --- what it looks like inside
inside 'id -u; id -g; cat /proc/self/uid_map | wc -l'
is "an ordinary user" "$(sed -n 1,2p "$tmp/out" | tr '\n' ' ')" "1000 1000 "
inside 'grep -E "^(CapInh|CapPrm|CapEff|CapBnd|CapAmb)" /proc/self/status | grep -v 0000000000000000; sed -n "s/^NoNewPrivs:[[:space:]]*//p; s/^Seccomp:[[:space:]]*//p" /proc/self/status'
is "no capability, no new privileges, a filter" "$(tr '\n' ' ' <"$tmp/out")" "1 2 "
FOO=bar SECRET=x inside 'env | grep -E "FOO|SECRET|DRYDOCK|SUDO|SSH"'
is "the caller's environment stays outside" "$(cat "$tmp/out")" ""
exec 9</dev/null
inside 'ls /proc/self/fd | tr "\n" " "'
exec 9<&-
is "only descriptors 0, 1 and 2 come in" "$(cat "$tmp/out")" "0 1 2 3 " # 3 is ls reading the directory
# layers COMMAND: run in the file system of each layer of the base image
layers() {
	for key in $(sed -n 's/^layer //p' "$state/images/base.ref"); do (cd "$state/layers/$key/fs" && eval "$1"); done
}
inside 'ls -A /'
is "the root directory is the image's, with the work tree" "$(cat "$tmp/out")" \
	"$({ layers 'ls -A'; basename "$(inside pwd; cat "$tmp/out")"; } | sort -u)"
inside 'cd / && sha256sum usr/bin/dpkg etc/debian_version usr/lib/os-release'
is "its files are the image's" "$(sort "$tmp/out")" \
	"$(layers 'sha256sum usr/bin/dpkg etc/debian_version usr/lib/os-release 2>/dev/null' | sort -u)"
inside 'find / -xdev -perm /6000 -type f 2>/dev/null'
is "nothing is setuid but what is in the image" "$(sort "$tmp/out")" \
	"$(layers 'find . -xdev -perm /6000 -type f' | sed 's/^.//' | sort -u)"
inside 'ps ax 2>/dev/null | wc -l; ls -d /proc/[0-9]* | wc -l'
ok "other processes are not to be seen" test "$(tail -n 1 "$tmp/out")" -lt 10
inside 'getent hosts "$(hostname)" >/dev/null && echo resolves; hostname'
is "the host name resolves, and is not this machine's" "$(sed -n 1p "$tmp/out") $([ "$(sed -n 2p "$tmp/out")" = "$(hostname)" ] && echo same)" "resolves "
inside 'perl -MIO::Socket::INET -e "
	my \$s = IO::Socket::INET->new(Listen => 1, LocalAddr => q(127.0.0.1)) or die;
	my \$c = IO::Socket::INET->new(PeerAddr => q(127.0.0.1), PeerPort => \$s->sockport) or die; print qq(v4\n)"
	grep -q "^00000000000000000000000000000001 .* lo$" /proc/net/if_inet6 && echo v6
	cut -d: -f1 -s /proc/net/dev | tr -d " " | tail -n +1 | tr "\n" " "'
is "loopback is up in both families, and there is nothing else" "$(tr '\n' ' ' <"$tmp/out")" "v4 v6 lo "
inside 'perl -MIO::Socket::INET -e "IO::Socket::INET->new(PeerAddr => q(192.0.2.1), PeerPort => 80, Timeout => 3) and print qq(out); print 0+\$!"'
ok "no way out" grep -qE '^(101|100)$' "$tmp/out" # ENETUNREACH, ENETDOWN
inside 'tty; script=1; ls /dev | tr "\n" " "'
ok "a minimal /dev" sh -c '! grep -qE "sd[a-z]|vda|kmsg|mem |kvm|fuse" "$1"' sh "$tmp/out"

# --- what it cannot do (numbers of x86-64)
if [ "$(uname -m)" = x86_64 ]; then
	cat >"$tmp/shared/calls.pl" <<'P'
my %calls = (keyctl => [250, 0, 0, 0], bpf => [321, 0, 0, 0], perf_event_open => [298, 0, 0, -1, -1, 0],
	userfaultfd => [323, 0], io_uring_setup => [425, 1, 0], mount => [165, 0, 0, 0, 0, 0], unshare_user => [272, 0x10000000],
	unshare_net => [272, 0x40000000], setns => [308, 0, 0], ptrace => [101, 16, 1, 0, 0], pivot_root => [155, 0, 0],
	init_module => [175, 0, 0, 0], kexec_load => [246, 0, 0, 0, 0], open_by_handle_at => [304, 0, 0, 0],
	process_vm_readv => [310, 1, 0, 0, 0, 0, 0], swapon => [167, 0, 0], reboot => [169, 0, 0, 0, 0],
	vsock => [41, 40, 1, 0], packet => [41, 17, 3, 0], raw => [41, 2, 3, 1], netlink_netfilter => [41, 16, 3, 12],
	add_key => [248, 0, 0, 0, 0, 0], fsopen => [430, 0, 0], move_mount => [429, 0, 0, 0, 0, 0], open_tree => [428, 0, 0, 0],
	chroot => [161, 0], mknod_device => [133, 0, 0020666, 259], clone3 => [435, 0, 0], unknown => [1000, 0], tiocsti => [16, 0, 0x5412, 0]);
for my $name (sort keys %calls) {
	my ($nr, @args) = @{$calls{$name}};
	my $path = "/tmp/node";
	$args[0] = $path if $name eq 'mknod_device';
	$args[0] = "/" if $name eq 'chroot';
	$! = 0;
	my $r = syscall($nr, @args);
	printf "%s %s\n", $name, $r < 0 ? $!+0 : "done";
}
P
	for mode in none provision; do
		sb --net $mode --bind "$tmp/shared:/shared:ro" -- /usr/bin/perl /shared/calls.pl
		is "denied calls answer as denied ($mode)" \
			"$(grep -vE ' (1|38|93|97)$' "$tmp/out" | grep -vE "^(chroot|mknod_device) done$|^(tiocsti) (25|5)$|^chroot" | tr '\n' ' ')$(wc -l <"$tmp/out")" 30
		is "clone3 and unknown calls are not implemented ($mode)" "$(grep -E '^(clone3|unknown) ' "$tmp/out" | tr '\n' ' ')" \
			"clone3 38 unknown 38 "
	done
	is "an ordinary program makes no device and changes no root" \
		"$(sb --bind "$tmp/shared:/shared:ro" -- /usr/bin/perl /shared/calls.pl; grep -E '^(chroot|mknod_device)' "$tmp/out" | tr '\n' ' ')" \
		"chroot 1 mknod_device 1 "
else
	skip "denied calls" "the list of numbers is for x86-64"
fi
pattern=$(cat /proc/sys/kernel/core_pattern)
for mode in none provision; do
	sb --net $mode -- /bin/sh -c 'echo "|/tmp/harm" >/proc/sys/kernel/core_pattern; echo 1 >/proc/sys/kernel/panic; echo b >/proc/sysrq-trigger
		echo 1 >/sys/kernel/profiling; for f in /proc/kcore /proc/kallsyms /proc/keys; do head -c 16 $f | grep -qa [1-9] && echo "read $f"; done'
	is "switches of the kernel stay as they are ($mode)" "$(cat /proc/sys/kernel/core_pattern) $(cat "$tmp/out")" "$pattern "
done
echo guarded >"$tmp/guarded" && chmod 600 "$tmp/guarded"
sb --net provision --bind "$tmp/shared:/shared" -- /bin/sh -c "cat $tmp/guarded /root/../$tmp/guarded /proc/1/root$tmp/guarded 2>/dev/null; ls /proc/1/root/ | head -n 1"
hasnt "root inside reads no file of this machine" "$tmp/out" guarded

# --- nothing is left of a sandbox whose drydock is killed
long=54321$$ # what only this script sleeps
asleep() { [ "$(pgrep -fc "^sleep $long\$")" = "$1" ]; }
"$drydock" sandbox run --state "$state" -- /bin/sh -c "sleep $long & sleep $long; :" &
pid=$!
ok "two processes run" eventually asleep 2
kill -9 $pid
wait $pid 2>/dev/null
ok "its processes die with it" eventually asleep 0
# What is done behind the result is done a moment later.
clean() { [ -z "$(ls -A "$state/pods")" ] && [ -d "$state/ready" ]; }
groups() { find /sys/fs/cgroup -maxdepth 6 -type d -name "drydock-*-$1-*" 2>/dev/null; }
sb -- /bin/true
ok "and the next one sweeps what it left" eventually clean
is "with its control groups" "$(groups $pid)" ""

# --- what is removed behind the result
"$drydock" sandbox run --state "$state" -- /bin/sh -c ': >/tmp/a; : >b' &
pid=$!
wait $pid
is "what a command left is gone when the result is there" "$(ls "$state/pods" | grep -e "-$pid-")" ""
"$drydock" sandbox run --state "$state" -- /bin/true &
pid=$!
wait $pid
ok "of a command that left nothing all goes by itself" eventually clean
is "control groups too" "$(groups $pid)" ""
is "and the next one's directories are ready, with nothing in them" "$(cd "$state/ready" && find . ! -type d | sort) $(find "$state/ready/root/fs" "$state/ready/work/fs" | wc -l)" "./lock 2"

# --- the proxy for hosts that were named
perl -MSocket -e '
	socket(S, AF_INET, SOCK_STREAM, 0); bind(S, sockaddr_in(0, INADDR_LOOPBACK)); listen(S, 5);
	print((sockaddr_in(getsockname(S)))[0], "\n"); close STDOUT; alarm 300;
	while (accept(C, S)) { sysread(C, $x, 4); syswrite(C, "pong"); close C }' >"$tmp/port" &
server=$!
eventually test -s "$tmp/port"
port=$(cat "$tmp/port")
cat >"$tmp/shared/connect.pl" <<'PERL'
use Socket;
my ($host, $port) = $ENV{https_proxy} =~ m|//([0-9.]+):([0-9]+)| or die "no proxy\n";
socket(S, AF_INET, SOCK_STREAM, 0); connect(S, sockaddr_in($port, inet_aton($host))) or die "no way: $!\n";
syswrite(S, "CONNECT $ARGV[0] HTTP/1.1\r\n\r\n"); sysread(S, $x, 500);
print $x =~ m|^HTTP/1.1 (\d+)|, " "; syswrite(S, "ping"); sysread(S, $x, 500); print "$x\n";
PERL
through() { sb --net provision --allow "127.0.0.1:$port" --allow "localhost:$port" --bind "$tmp/shared:/shared:ro" -- perl /shared/connect.pl "$1"; }
through "127.0.0.1:$port"
is "a host that was named is reached" "$(cat "$tmp/out")" "200 pong"
through "127.0.0.1:1"
is "another is not" "$(head -c 3 "$tmp/out")" 403
ok "which people are told, with the program" grep -q "refused: connect://127.0.0.1:1 by /usr/bin/perl" "$tmp/err"
through "localhost:$port"
is "a name that leads into this machine is not, although it was named" "$(head -c 3 "$tmp/out")" 403
sb --net provision -- perl -e 'print $ENV{https_proxy} // "none"'
is "without names there is no proxy" "$(cat "$tmp/out")" none
sb --allow a.example:443 -- true
is "--allow without the network is a usage error" "$status" 2
kill $server
done_testing
