[ -x /opt/tide ] || gcc -o /opt/tide tide.c $(pkg-config --cflags --libs check)
CK_VERBOSITY=verbose CK_XML_LOG_FILE_NAME="$OUT.xml" CK_TAP_LOG_FILE_NAME="$OUT.tap" tool '' /opt/tide
CK_VERBOSITY=normal tool normal /opt/tide
