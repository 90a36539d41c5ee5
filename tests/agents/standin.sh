# The stand-in for models, for test scripts behind tap.sh.
#
# begin_standin SECONDS [ARGS...]: it runs for at most so long; $at becomes where, $standin its process, and it ends with the script
begin_standin() {
	seconds=$1
	shift
	perl tests/agents/standin.pl "$tmp" "$seconds" "$@" >"$tmp/port" &
	standin=$!
	on_exit="kill $standin; $on_exit"
	eventually grep -qs http "$tmp/port"
	at=http://127.0.0.1:$(sed 's/http //' "$tmp/port")
}
