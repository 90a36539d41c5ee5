tool - python3 -m pytest -v -p no:cacheprovider --junitxml="$OUT.xml" .
tool '' python3 -m pytest -v -p no:cacheprovider -o junit_family=xunit1 --junitxml="$OUT.xunit1.xml" test_tide.py
