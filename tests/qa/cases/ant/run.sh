tool - ant -q test
cat reports/TEST-*.xml >"$OUT.xml"; rm -rf reports
