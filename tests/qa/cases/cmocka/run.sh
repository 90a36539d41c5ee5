[ -x /opt/tide ] || gcc -o /opt/tide tide.c -lcmocka
tool '' /opt/tide
CMOCKA_MESSAGE_OUTPUT=TAP tool tap /opt/tide
CMOCKA_MESSAGE_OUTPUT=XML CMOCKA_XML_FILE="$OUT.xml" tool - /opt/tide
