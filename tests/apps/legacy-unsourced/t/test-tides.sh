grep -q '^6 0$' tides.txt
echo "ok 1 - low water at six"
echo "1..1"
