# Plays of scenarios and what they left: for test scripts, behind tap.sh.
#
#   play FILE ARGS...   of the run $run_id   object DIGEST   of NAME EXPRESSION

play() {
	file=$1
	shift
	run timeout 240 "$drydock" qa play "$file" --json --quiet --state "$state" --run "$run_id" "$@"
}
# object DIGEST: its path in the store
object() { echo "$state/cas/$(echo "$1" | cut -c1-2)/$(echo "$1" | cut -c3-)"; }
# of NAME EXPRESSION: of the scenario
of() { json ".scenarios[]|select(.scenario == \"$1\")|$2"; }
