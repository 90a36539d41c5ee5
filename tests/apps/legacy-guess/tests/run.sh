#!/bin/sh
# Named as tests are, and none: it paints what it finds.
echo "painting $(cat ../buoys.txt)"
exit 0
