use POSIX qw(tzset strftime);
$ENV{TZ} = "Pacific/Auckland";
tzset();
my $hour = strftime("%H", localtime(0));
print "1..1\n", $hour eq "12" ? "ok 1 - noon\n" : "not ok 1 - noon\n";
