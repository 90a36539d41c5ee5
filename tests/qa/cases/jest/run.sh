echo '{"name":"tide"}' >package.json
tool '' jest --ci --verbose --cache=false -i
tool json jest --ci --json --cache=false -i
