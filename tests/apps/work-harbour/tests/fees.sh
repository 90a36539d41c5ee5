n=0
check() {
	n=$((n + 1))
	got=$(./fees "$2" "$3")
	[ "$got" = "$4" ] && echo "ok $n - $1" || echo "not ok $n - $1 # $got, not $4"
}
echo 1..1
check "a ship without a flag" 10 "" 30.00
