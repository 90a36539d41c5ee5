# What ships pass on to the harbour master depends on the station.
echo 1..3
[ "$HARBOUR_STATION" = Cuxhaven-2 ] && echo "ok 1 - the station" || echo "not ok 1 - the station"
[ -z "$HARBOUR_GREETING$HARBOUR_TOKEN" ] && echo "ok 2 - nothing but plain values" || echo "not ok 2 - nothing but plain values"
./tide | grep -q noon && echo "ok 3 - the tide" || echo "not ok 3 - the tide"
