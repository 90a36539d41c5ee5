# Run in a pod: in_pod.sh WORD..., each of all (the runner with what drydock keeps), trace (the runner with its trace alone), core,
# report (bytes of the runner's report), open:NAME (ms until /told/NAME.html is drawn).  Prints one number each.
cd /peer || exit 1
export SCENARIOS=/told/scenarios.json
node serve.mjs 8081 /site &
server=$!
until (exec 3<>/dev/tcp/127.0.0.1/8081) 2>/dev/null; do sleep 0.1; done
timed() {
	local begin
	begin=$(date +%s%N)
	"$@" >/tmp/log 2>&1 || { tail -n 20 /tmp/log >&2; echo 0; return 1; }
	echo $((($(date +%s%N) - begin) / 1000000))
}
rc=0
for word; do
	case $word in
	all) EVIDENCE=all timed node node_modules/@playwright/test/cli.js test || rc=1 ;;
	trace) timed node node_modules/@playwright/test/cli.js test || rc=1 ;;
	core) timed node core.mjs || rc=1 ;;
	report)
		timed node node_modules/@playwright/test/cli.js test >/tmp/took 2>&1
		du -sb /tmp/report | cut -f1
		;;
	open:*) node open.mjs "/told/${word#open:}.html" || rc=1 ;;
	esac
done
kill $server
exit $rc
