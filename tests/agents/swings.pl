#!/usr/bin/perl
# Two services that share a file, and an author that mends one and breaks the other, in turn: prints one JSON object a line,
# {name, files, cases: {id: command}, steps: [{path: text}], pair: [case, case] or null}.  pair: what contradicts each other;
# null: the last step passes all, so that what swung before were regressions.
#
#   swings.pl [--every N]     every N-th case
use strict;
use warnings;
use JSON::PP;

# What is shared, two ways to do it, and what each service wants to see of it.
my @kinds = (
	['limit',    'limit() { echo 5; }',                           'limit() { echo 7; }',                           'limit',     '5',       '7',    'limit() { echo "$1"; }',                                          'limit 5', 'limit 7'],
	['separator', 'money() { echo "$1,$2"; }',                     'money() { echo "$1.$2"; }',                     'money 1 50', '1,50',   '1.50', 'money() { echo "$1${3:-,}$2"; }',                                 'money 1 50 ,', 'money 1 50 .'],
	['order',    'rows() { printf "%s\n" "$@" | sort -n | xargs; }', 'rows() { printf "%s\n" "$@" | sort -rn | xargs; }', 'rows 3 1 2', '1 2 3', '3 2 1', 'rows() { o=$1; shift; printf "%s\n" "$@" | sort $o | xargs; }', 'rows -n 3 1 2', 'rows -rn 3 1 2'],
	['missing',  'value() { echo "${1:-none}"; }',                'value() { echo "${1:-0}"; }',                   'value',     'none',    '0',    'value() { echo "${1:-$2}"; }',                                    'value "" none', 'value "" 0'],
	['rounding', 'half() { echo $((($1 + 1) / 2)); }',            'half() { echo $(($1 / 2)); }',                  'half 7',    '4',       '3',    'half() { echo $((($1 + ${2:-0}) / 2)); }',                        'half 7 1', 'half 7'],
);

sub service {
	my ($call) = @_;
	return ". ./shared/lib.sh\ncase \$1 in\nshow) $call ;;\nname) echo ok ;;\nesac\n";
}

my $every = @ARGV == 2 && $ARGV[0] eq '--every' ? $ARGV[1] : 1;
my $json  = JSON::PP->new->canonical->utf8;
my $n     = 0;
for my $kind (@kinds) {
	my ($name, $x, $y, $call, $want_a, $want_b, $both, $call_a, $call_b) = @$kind;
	for my $shape (0 .. 3, 'solved', 'regression') {
		my ($start, @turns) = $shape !~ /^\d$/ ? ($x, $y, $x, $y) : $shape % 2 ? ($x, $y, $x, $y, $x) : ($y, $x, $y, $x, $y);
		my %files = (
			'shared/lib.sh' => "$start\nfee() { echo 3; }\n",
			'orders/run.sh' => service($call),
			'billing/run.sh' => service($call),
		);
		my %cases = (
			'orders/shows'  => "[ \"\$(sh orders/run.sh show)\" = '$want_a' ]",
			'orders/name'   => '[ "$(sh orders/run.sh name)" = ok ]',
			'billing/shows' => "[ \"\$(sh billing/run.sh show)\" = '$want_b' ]",
			'billing/name'  => '[ "$(sh billing/run.sh name)" = ok ]',
		);
		$cases{'billing/open'} = 'false' if $shape eq '2';                                    # fails whatever is done
		$cases{'shared/fee'}   = '. ./shared/lib.sh; [ "$(fee)" = 3 ]' if $shape ne '1';
		my @steps;
		my $i = 0;
		for my $turn (@turns) {
			my %patch = ('shared/lib.sh' => "# $i\n$turn\nfee() { echo " . ($shape eq '3' && $i == 1 ? 4 : 3) . "; }\n");
			$patch{'orders/run.sh'} = service($call) . "# $i\n" if $shape eq '3' || $i == 1;
			push @steps, \%patch;
			$i++;
		}
		push @steps, {'shared/lib.sh' => "$both\nfee() { echo 3; }\n", 'orders/run.sh' => service($call_a), 'billing/run.sh' => service($call_b)} if $shape eq 'solved' || $shape eq 'regression';
		if ($shape eq 'regression') { # the fee breaks, and is mended, and breaks: nothing wants it broken
			@steps = map { {'shared/lib.sh' => "$both\nfee() { echo " . (3 + $_ % 2) . "; }\n", 'orders/run.sh' => service($call_a), 'billing/run.sh' => service($call_b)} } 0 .. 4;
		}
		next if $n++ % $every;
		print $json->encode({name => "$name/$shape", files => \%files, cases => \%cases, steps => \@steps,
			pair => $shape =~ /^\d$/ ? ['orders/shows', 'billing/shows'] : undef}), "\n";
	}
}
