cmake -S . -B /opt/b >/dev/null
tool '' ctest --test-dir /opt/b --output-junit "$OUT.xml"
