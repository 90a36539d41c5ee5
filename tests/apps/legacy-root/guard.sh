echo 1..2
[ "$(id -u)" != 0 ] && echo "ok 1 - is nobody special" || echo "not ok 1 - is nobody special"
: >closed && chmod 0 closed
cat closed 2>/dev/null && echo "not ok 2 - a closed file is closed" || echo "ok 2 - a closed file is closed"
