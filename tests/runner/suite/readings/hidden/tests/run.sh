# Levels in metres.
n=0
check() {
	n=$((n + 1))
	got=$(./readings "$2" $3)
	if [ "$got" = "$4" ]; then
		echo "ok $n - $1"
	else
		echo "not ok $n - $1"
		echo "# readings $2 $3 printed $got, not $4"
	fi
}
echo 1..6
check "middle of three" middle "1.5 0.5 1.0" 1.00
check "middle of four" middle "1.0 4.0 2.0 3.0" 2.50
check "highest" highest "0.4 1.9 1.1" 1.90
check "highest below zero" highest "-0.4 -1.9 -1.1" -0.40
check "middle of six" middle "6 1 5 2 4 3" 3.50
check "highest of one below zero" highest "-2.5" -2.50
