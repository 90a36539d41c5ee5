echo 1..1
[ "$(journal/journal gull)" = gull ] && echo "ok 1 - a ship is written down" || echo "not ok 1 - a ship is written down"
