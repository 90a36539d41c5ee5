tool '' phpunit --log-junit "$OUT.xml" TideTest.php
tool testdox phpunit --testdox TideTest.php
