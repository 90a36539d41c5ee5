#!/bin/sh
# Packages whose maintainer scripts need ids of their own: they are installed, start, and answer.
. "$(dirname "$0")/../tap.sh"

ask() { "${DD_BUILD:-build/release}/tests/images/tool_service" "$state" "tests/images/services/$1" 2>"$tmp/err" | tee "$tmp/out" | cut -f 2,4; }
as_root_inside() { run "$drydock" sandbox run --state "$state" --net provision -- /bin/sh -c "$1"; }

# --- who a command becomes
as_root_inside 'su nobody -s /bin/sh -c "id -un; stat -c %U /proc/self"'
is "su" "$(tr '\n' ' ' <"$tmp/out")" "nobody nobody "
as_root_inside 'runuser -u www-data -- id -un'
is "runuser" "$(cat "$tmp/out")" www-data
as_root_inside 'setpriv --reuid=www-data --regid=www-data --init-groups id -u -n'
is "setpriv" "$(cat "$tmp/out")" www-data
as_root_inside 'start-stop-daemon --start --chuid backup --exec /usr/bin/id -- -un'
is "start-stop-daemon" "$(cat "$tmp/out")" backup
as_root_inside 'perl -e "\$< = \$> = 33; exec q(id), q(-un)"'
is "a program's own change of identity" "$(cat "$tmp/out")" www-data
as_root_inside 'setpriv --reuid=33 --regid=33 --clear-groups perl -e "\$< = \$> = 0; print qq(\$< \$> ); print syscall(272, 0x10000000)"'
is "which has no way back, and no namespace" "$(cat "$tmp/out")" "33 33 -1"
as_root_inside 'invoke-rc.d --quiet cron start; echo $?; ls -d /etc/apt/apt.conf.d && touch /etc/apt/apt.conf.d/99mine && echo ours'
is "services are not started by installations, which may add to the sources" "$(tr '\n' ' ' <"$tmp/out")" "0 /etc/apt/apt.conf.d ours "

# --- databases
is "redis is installed, starts, and keeps what it is given" "$(ask redis)" "installed	answers"
is "postgresql is installed with its cluster, starts, and keeps what it is given" "$(ask postgresql)" "installed	answers"
done_testing
