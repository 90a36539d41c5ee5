use Test::More;
my $mode = $ENV{MODE};
ok 1, "alpha";
subtest tides => sub {
	plan tests => 2;
	SKIP: {
		skip "no moon", 1 if $mode eq "skip";
		kill SEGV => $$ if $mode eq "crash";
		sleep 600 if $mode eq "kill";
		is $mode eq "fail" ? "low" : "high", "high", "beta";
	}
	ok 1, "gamma";
};
TODO: { local $TODO = "later"; ok 0, "delta"; }
done_testing;
