#!/bin/sh
# In a directory of its own: a container comes, is moved, owes, and leaves.
book=$PWD/cargobook
dir=$(mktemp -d) && cd "$dir" || exit 1
expect() { [ "$1" = "$2" ] && echo "ok - $3" || { echo "not ok - $3: $1"; bad=1; }; }
echo 1..5
expect "$($book add CSQU3054383 dry 12000 4500.00 2024-02-20 'Brandt & Co' --berth 2)" 1 "a container comes"
expect "$($book move 1 3)" "1: berth 2 -> 3" "it is moved"
expect "$($book fee 1 2024-02-29)" 60.00 "it owes"
expect "$($book note 1 keep dry; $book show 1 | tail -n 1)" "1 notes
    keep dry" "it has a note"
expect "$($book ship 1 2024-03-04)" "Brandt & Co owes 120.00" "it leaves"
exit ${bad:-0}
