export PATHX=1
: "${INPUT:-x}"
run() { git status; "$INPUT"; }
run
