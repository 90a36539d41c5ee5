#!/bin/sh
# Alone: it measures the machine, and looks for what is left on it.
# What one attempt leaves for the next: nothing, but in the layer that was kept on purpose; between two commands
# of one pod its files, and no process.
. "$(dirname "$0")/hostile.sh"
key() { printf '%s' "$*" | sha256sum | cut -c1-64; }

# --- between sandboxes
for i in 1 2; do
	attack residue "" leave
	is "something is left everywhere ($i)" "$(cat "$tmp/out")" "leave left"
	attack residue "" look
	is "the next sandbox finds nothing of it ($i)" "$(cat "$tmp/out")" "look done"
done
pod attack_residue "" --- provision "$at" leave
pod attack_residue "" --- provision "$at" look
is "nor after a command that is root inside" "$(cat "$tmp/out")" "look done"

# --- while another runs beside it
"$drydock" sandbox run --quiet --state "$state" --bind "$tmp/programs/attack_residue:$at:ro" -- /bin/sh -c "$at leave; sleep 90" >"$tmp/beside" &
other=$!
eventually grep -q left "$tmp/beside"
attack residue "" look
is "nor while it still runs beside" "$(cat "$tmp/beside" "$tmp/out")" "leave left
look done"
kill $other
wait $other

# --- between the commands of one pod
pod attack_residue "" --- build "$at" leave --- build "$at" look
is "the next command of the pod finds no process, port or socket" "$(grep -E "process|port|socket|done" "$tmp/out")" "look done"
has "but the files" "$tmp/out" "found /tmp/left-behind"
pod attack_residue "--time 6000" --- +service:daemon "$at" leave --- build /bin/sleep 2 --- build "$at" look
has "a service lives on" "$tmp/out" "found a port"

# --- in layers, in a state directory of its own
shared=$state
state=$tmp/state
pod attack_residue "--tools --freeze-work $(key a)" --- build "$at" leave
pod attack_residue "--tools --work $(key a)" --- build "$at" look
is "a layer of the work tree has the work tree alone" "$(cat "$tmp/out")" "found /work/left-behind
look done"
pod attack_residue "--tools --work $(key a)" --- build /bin/sh -c 'echo changed >/work/left-behind; echo new >/work/new'
pod attack_residue "--tools --work $(key a)" --- build /bin/sh -c 'cat /work/left-behind; ls /work'
is "a layer does not change by what was done upon it" "$(cat "$tmp/out")" "left-behind"
state=$shared
layer=$(key "root of a test")
pod attack_residue "--freeze-root $layer" --- provision "$at" leave
is "temporary trees are in no layer" "$(cd "$state/layers/$layer/fs" && find . -name 'left-behind' | sort | tr '\n' ' ')" \
	"./etc/left-behind ./usr/left-behind ./var/tmp/left-behind "
rm -rf "$state/layers/$layer" "$state/locks/$layer"

# --- between the attempts of a run: the first fails for a missing header and leaves its mark everywhere it can
mkdir "$tmp/poison"
cat >"$tmp/poison/Makefile" <<'M'
all:
	@for f in mark /tmp/mark /var/tmp/mark /home/builder/mark /run/user/1000/mark /dev/shm/mark; do \
		if [ -e $$f ]; then echo "residue of an attempt: $$f"; exit 1; fi; echo x >$$f 2>/dev/null || :; done
	$(CC) -o app app.c -lz
check: all-checks
all-checks:
	./app
M
printf '#include <zlib.h>\nint main(void) { return zlibVersion() == 0; }\n' >"$tmp/poison/app.c"
up "$tmp/poison"
is "every attempt starts from the pristine source" "$status $(json .outcome) $(json '.attempts > 1')" "0 up true"
same_host "this machine is as it was"
done_testing
