for hour in 0 6 12 18; do echo "$hour $((hour % 12 == 0))"; done
