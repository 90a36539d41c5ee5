: "${HARBOUR_API_KEY:?HARBOUR_API_KEY is not set}"
echo 1..1
echo "ok 1 - signed with $HARBOUR_API_KEY"
