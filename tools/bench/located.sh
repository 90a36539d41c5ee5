#!/bin/sh
# Does the answer of `qa diff --json` (file $1) tell of the change "X Y W H ROWS WHAT" ($2) at its place?  Rows that
# were put in: so many at that height.  Else a region that has half of what it and the place cover together (IoU 0.5), or rows
# that were put in or taken out beside it.
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
		([.regions[] | . as $r |
			((min2($r.x + $r.w; $x + $w) - max2($r.x; $x) | max0) * (min2($r.y + $r.h; $y + $h) - max2($r.y; $y) | max0))
			as $both | select($both * 2 >= $r.w * $r.h + $w * $h - $both)] | length) > 0 or
		([.rows[] | select(.y + 8 >= $y and .y <= $y + $h + 8)] | length) > 0
	end' "$1" >/dev/null
