# The stand-in for models, for test scripts behind tap.sh.
#
# begin_standin SECONDS [ARGS...]: it runs for at most so long; $at becomes where, $standin its process, and it ends with the script
begin_standin() {
	seconds=$1
	shift
	perl tests/agents/standin.pl "$tmp" "$seconds" "$@" >"$tmp/port" &
	standin=$!
	on_exit="kill $standin; $on_exit"
	for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
		grep -qs http "$tmp/port" && break
		sleep 0.2
	done
	at=http://127.0.0.1:$(sed 's/http //' "$tmp/port")
}
