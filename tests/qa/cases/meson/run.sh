[ -d /opt/b ] || meson setup /opt/b >/dev/null
tool '' meson test -C /opt/b --num-processes 1
cp /opt/b/meson-logs/testlog.junit.xml "$OUT.xml" 2>/dev/null; rm -f /opt/b/meson-logs/testlog.junit.xml
