echo 1..2
[ "$(./knots 10)" = 18.5 ] && echo "ok 1 - ten knots" || echo "not ok 1 - ten knots"
./knots 2>/dev/null
[ $? = 2 ] && echo "ok 2 - usage" || echo "not ok 2 - usage"
