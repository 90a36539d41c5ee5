#!/bin/sh
# Does the answer of `qa diff --json` (file $1) tell of the change "X Y W H ROWS WHAT" ($2) at its place?  Rows that
# were put in: so many at that height.  Else the regions that lie at the place (1 pixel around it) have, taken together,
# at least half of what their frame and the place cover (IoU 0.5); or rows were put in or taken out beside it.
# shellcheck disable=SC2086
set -- "$1" $2
jq -e --argjson x "$2" --argjson y "$3" --argjson w "$4" --argjson h "$5" --argjson rows "$6" '
	def max0: if . < 0 then 0 else . end;
	def min2(a; b): if a < b then a else b end;
	def max2(a; b): if a > b then a else b end;
	if $rows > 0 then
		([.rows[] | select(.kind == "inserted") | .n] | add) == $rows and
		([.rows[] | select(.kind == "inserted" and .y >= $y - 24 and .y <= $y + 8)] | length) > 0
	else
		([.regions[] | select(.x + 1 >= $x and .y + 1 >= $y and .x + .w <= $x + $w + 1 and .y + .h <= $y + $h + 1)]
			| length > 0 and ((map(.x) | min) as $x0 | (map(.y) | min) as $y0 |
			(map(.x + .w) | max) as $x1 | (map(.y + .h) | max) as $y1 |
			((min2($x1; $x + $w) - max2($x0; $x) | max0) * (min2($y1; $y + $h) - max2($y0; $y) | max0)) as $both |
			$both * 2 >= ($x1 - $x0) * ($y1 - $y0) + $w * $h - $both)) or
		([.rows[] | select(.y + 8 >= $y and .y <= $y + $h + 8)] | length) > 0
	end' "$1" >/dev/null
