#!/usr/bin/perl
# cargobook: what lies in a small harbour's yard, what it owes, and when it left.
use strict;
use warnings;
use integer;

my $book_file = 'cargo.txt';
my ($max_cargo, $max_notes, $berths) = (500, 8, 6);
my ($max_weight, $max_value) = (40000, 99999999999);
my @kinds = qw(dry reefer tank hazard);
my ($reefer, $hazard) = (1, 3);

sub fail {
	my ($format, @values) = @_;
	print STDERR 'cargobook: ', (@values ? sprintf $format, @values : $format), "\n";
	exit 1;
}

# ---- texts ----

sub same_text { return lc $_[0] eq lc $_[1] }
sub contains { return index(lc $_[0], lc $_[1]) >= 0 }

sub print_wrapped {
	my ($text, $width, $indent) = @_;
	my $column = 0;
	for my $word (grep { $_ ne '' } split / /, $text) {
		if ($column > 0 && $column + 1 + length $word > $width) {
			print "\n";
			$column = 0;
		}
		if ($column == 0) {
			print $indent;
		} else {
			print ' ';
			$column++;
		}
		print $word;
		$column += length $word;
	}
	print "\n" if $column > 0;
}

sub csv_field {
	my ($field) = @_;
	return $field unless $field =~ /[,"]/ || $field =~ /^ / || $field =~ / \z/;
	(my $quoted = $field) =~ s/"/""/g;
	return "\"$quoted\"";
}

# The fields; -1: too many, -2: a quote that is not closed.
sub split_csv {
	my ($line, $most) = @_;
	my @fields;
	while (1) {
		return -1 if @fields == $most;
		my $field = '';
		if ($line =~ /\G"/gc) {
			while (1) {
				if ($line =~ /\G""/gc) { $field .= '"' }
				elsif ($line =~ /\G"/gc) { last }
				elsif ($line =~ /\G([^"]+)/gcs) { $field .= $1 }
				else { return -2 }
			}
		}
		$field .= $1 if $line =~ /\G([^,]+)/gcs;
		push @fields, $field;
		return \@fields unless $line =~ /\G,/gc;
	}
}

# undef: it is no number of that range.
sub parse_int {
	my ($text, $low, $high) = @_;
	my ($sign, $digits) = $text =~ /\A([-+]?)0*([0-9]+)\z/ or return undef;
	return undef if length $digits > 10 || $digits > 4000000000;
	my $value = $sign eq '-' ? -$digits : $digits + 0;
	return $value >= $low && $value <= $high ? $value : undef;
}

sub parse_money {
	my ($text) = @_;
	my ($whole, $dot, $part) = $text =~ /\A([^.]*)(\.?)(.*)\z/s;
	return undef unless $whole =~ /\A[0-9]+\z/ || $whole =~ /\A[0-9]{1,3}(?:,[0-9]{3})+\z/;
	(my $digits = $whole) =~ s/,//g;
	$digits =~ s/^0+(?=[0-9])//;
	return undef if length $digits > 12 || $digits > $max_value;
	my $cents = 0;
	if ($dot) {
		return undef unless $part =~ /\A[0-9]{1,3}\z/;
		$cents = substr($part . '0', 0, 2) + 0;
		$cents++ if length $part == 3 && substr($part, 2) >= 5;
	}
	my $value = $digits * 100 + $cents;
	return $value <= $max_value ? $value : undef;
}

sub money {
	my ($cents) = @_;
	my $whole = $cents / 100;
	1 while $whole =~ s/^([0-9]+)([0-9]{3})/$1,$2/;
	return sprintf '%s.%02d', $whole, $cents % 100;
}

# ---- dates ----

sub is_leap {
	my ($year) = @_;
	return 1 if $year % 400 == 0;
	return 0 if $year % 100 == 0;
	return $year % 4 == 0;
}

sub days_in {
	my ($year, $month) = @_;
	return 29 if $month == 2 && is_leap($year);
	return (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)[$month - 1];
}

sub day_number {
	my ($year, $month, $day) = @_;
	my $number = $day + 0;
	$number += is_leap($_) ? 366 : 365 for 1900 .. $year - 1;
	$number += days_in($year, $_) for 1 .. $month - 1;
	return $number;
}

sub day_parts {
	my ($number) = @_;
	my ($year, $month) = (1900, 1);
	while ((my $length = is_leap($year) ? 366 : 365) < $number) {
		$number -= $length;
		$year++;
	}
	while ($number > days_in($year, $month)) {
		$number -= days_in($year, $month);
		$month++;
	}
	return ($year, $month, $number);
}

sub parse_date {
	my ($year, $month, $day) = $_[0] =~ /\A([0-9]{4})-([0-9]{2})-([0-9]{2})\z/ or return undef;
	return undef if $year < 1900 || $year > 2199 || $month < 1 || $month > 12;
	return undef if $day < 1 || $day > days_in($year, $month);
	return day_number($year, $month, $day);
}

sub date_text { return sprintf '%04d-%02d-%02d', day_parts($_[0]) }
sub week_day { return ($_[0] - 1) % 7 }

sub year_start {
	my ($year) = day_parts($_[0]);
	return day_number($year, 1, 1);
}

sub day_of_year { return $_[0] - year_start($_[0]) + 1 }

sub week_of {
	my $thursday = $_[0] - week_day($_[0]) + 3;
	return ($thursday - year_start($thursday)) / 7 + 1;
}

# ---- the book ----

my (@book, $next);

sub add_cargo {
	fail('the book is full') if @book == $max_cargo;
	push @book, {id => $next++, code => '', kind => 0, weight => 0, value => 0, arrived => 0,
		left => 0, berth => 0, owner => '', notes => []};
	return $book[-1];
}

sub find_id {
	my ($text) = @_;
	my $id = parse_int($text, 1, 1000000);
	fail('not an id: %s', $text) unless defined $id;
	$_->{id} == $id and return $_ for @book;
	fail('no cargo %d', $id);
}

sub parse_kind {
	my ($text) = @_;
	same_text($text, $kinds[$_]) and return $_ for 0 .. $#kinds;
	return undef;
}

sub check_digit {
	my ($code) = @_;
	my $sum = 0;
	for my $i (0 .. 9) {
		my $c = ord substr $code, $i, 1;
		my $value = $c - 48;
		if ($c >= 65 && $c <= 90) {
			$value = $c - 65 + 10;
			$value += ($value - 1) / 10;
		}
		$sum += $value << $i;
	}
	return $sum % 11 % 10;
}

sub good_code {
	my ($code) = @_;
	return $code =~ /\A[A-Z]{3}[UJZ][0-9]{7}\z/ && substr($code, 10) == check_digit($code);
}

sub sum_of {
	my ($sum, $line) = @_;
	$sum = ($sum * 31 + $_) % 65521 for unpack 'C*', $line;
	return $sum;
}

sub bad_line { fail('cargo.txt: line %d is damaged', $_[0]) }

sub read_cargo {
	my ($number, @f) = @_;
	my $id = @f == 10 ? parse_int($f[1], 1, 1000000) : undef;
	bad_line($number) if !defined $id || length $f[2] > 11;
	$next = $id;
	my $c = add_cargo();
	my @limits = ([0, 3], [1, $max_weight], [0, 9999999], [0, 99999], [1, 200000], [0, 200000], [0, $berths]);
	my @values = map { parse_int($f[$_ + 3], @{$limits[$_]}) } 0 .. 6;
	bad_line($number) if grep { !defined } @values;
	@$c{qw(code kind weight)} = ($f[2], @values[0, 1]);
	$c->{value} = $values[2] * 100000 + $values[3];
	@$c{qw(arrived left berth)} = @values[4 .. 6];
}

sub read_line {
	my ($line, $number) = @_;
	my $last = @book ? $book[-1] : undef;
	if ($line =~ /\AC\|/) {
		read_cargo($number, split /\|/, $line, 12);
	} elsif ($line =~ /\AO\|(.*)\z/s && $last) {
		$last->{owner} = $1;
	} elsif ($line =~ /\AN\|(.*)\z/s && $last && @{$last->{notes}} < $max_notes) {
		push @{$last->{notes}}, $1;
	} else {
		bad_line($number);
	}
}

sub lines_of {
	my ($handle) = @_;
	local $/;
	my $text = <$handle>;
	return () unless defined $text && length $text;
	my @lines = split /\n/, $text, -1;
	pop @lines if $lines[-1] eq '';
	return @lines;
}

sub load {
	my ($sum, $wanted, $following, $number) = (1, undef, 1, 0);
	$next = 1;
	open my $in, '<:raw', $book_file or return;
	for my $line (lines_of($in)) {
		$number++;
		bad_line($number) if defined $wanted;
		if ($line =~ /\AS\|/) {
			my ($first, $second) = $line =~ /\AS\|([^|]*)\|(.*)\z/s or bad_line($number);
			$following = parse_int($first, 1, 1000000);
			$wanted = parse_int($second, 0, 65520);
			bad_line($number) unless defined $following && defined $wanted;
			next;
		}
		$sum = sum_of($sum, $line);
		read_line($line, $number);
	}
	fail('cargo.txt: it is cut off') unless defined $wanted;
	fail('cargo.txt: the checksum is %d, not %d', $sum, $wanted) if $wanted != $sum;
	$next = $following;
}

sub save {
	my ($sum, $text) = (1, '');
	for my $c (@book) {
		my @lines = (join('|', 'C', @$c{qw(id code kind weight)}, $c->{value} / 100000, $c->{value} % 100000,
				@$c{qw(arrived left berth)}), "O|$c->{owner}", map { "N|$_" } @{$c->{notes}});
		for my $line (@lines) {
			$sum = sum_of($sum, $line);
			$text .= "$line\n";
		}
	}
	open my $out, '>:raw', "$book_file.new" or fail('cannot write cargo.txt');
	print $out "${text}S|$next|$sum\n";
	close $out && rename "$book_file.new", $book_file or fail('cannot write cargo.txt');
}

sub is_here { return !$_[0]{left} }

# ---- fees ----

my ($free_days, $minimum) = (5, 1500);
my @rates = ([1200, 1800, 3000], [2500, 3600, 5200], [2100, 3300, 4800], [4000, 6400, 9900]);

sub days_in_tier {
	my ($days, $from, $to) = @_;
	return 0 if $days <= $from;
	return ($days < $to ? $days : $to) - $from;
}

sub part_of { return ($_[0] * $_[1] + 500) / 1000 }

sub fee_of {
	my ($c, $day) = @_;
	my $end = $c->{left} && $c->{left} < $day ? $c->{left} : $day;
	my $days = $end - $c->{arrived} + 1 - $free_days;
	return 0 if $days <= 0;
	my $rate = $rates[$c->{kind}];
	my $fee = days_in_tier($days, 0, 7) * $rate->[0];
	$fee += days_in_tier($days, 7, 21) * $rate->[1];
	$fee += days_in_tier($days, 21, 100000) * $rate->[2];
	$fee += part_of($fee, 125) if $c->{weight} > 20000;
	$fee += part_of($fee, 333) if $c->{kind} == $hazard && $c->{berth} == 0;
	$fee += part_of($c->{value}, 1) if $c->{value} >= 10000000;
	return $fee < $minimum ? $minimum : $fee;
}

sub berth_room {
	my ($berth) = @_;
	my $room = $berth > $berths - 2 ? 2 : 4;
	return $room - grep { $_->{berth} == $berth && is_here($_) } @book;
}

# ---- changes ----

sub put_in_berth {
	my ($c, $berth) = @_;
	return if $berth == $c->{berth};
	fail('berth %d is full', $berth) if $berth && berth_room($berth) <= 0;
	fail('a reefer needs a plug: berth %d or %d', $berths - 1, $berths)
		if $berth && $c->{kind} == $reefer && $berth < $berths - 1;
	fail('berth %d does not bear %d kg', $berth, $c->{weight})
		if $berth && $c->{weight} > 30000 && $berth % 2 == 0;
	$c->{berth} = $berth;
}

sub take_cargo {
	my ($code, $kind_text, $weight_text, $value_text, $date, $owner) = @_;
	fail('not a container: %s', $code) unless good_code($code);
	for my $c (@book) {
		fail('%s is here already, as %d', $code, $c->{id}) if $c->{code} eq $code && is_here($c);
	}
	my $kind = parse_kind($kind_text);
	fail('not a kind: %s', $kind_text) unless defined $kind;
	my $weight = parse_int($weight_text, 1, $max_weight);
	fail('not a weight: %s', $weight_text) unless defined $weight;
	my $value = parse_money($value_text);
	fail('not a value: %s', $value_text) unless defined $value;
	my $arrived = parse_date($date);
	fail('not a date: %s', $date) unless defined $arrived;
	my $c = add_cargo();
	@$c{qw(code kind weight value arrived)} = ($code, $kind, $weight, $value, $arrived);
	fail('an owner has 1 to 30 bytes') if length $owner == 0 || length $owner > 30;
	fail('an owner has no bars or line ends') if $owner =~ /[|\n\r]/;
	$c->{owner} = $owner;
	return $c;
}

sub do_add {
	my @args = @_;
	my $berth = 0;
	if (@args == 8 && $args[6] eq '--berth') {
		$berth = parse_int($args[7], 1, $berths);
		fail('not a berth: %s', $args[7]) unless defined $berth;
		$#args = 5;
	}
	fail('add CODE KIND WEIGHT VALUE DATE OWNER [--berth N]') unless @args == 6;
	my $c = take_cargo(@args);
	put_in_berth($c, $berth);
	save();
	print "$c->{id}\n";
	return 0;
}

sub date_of {
	my ($text) = @_;
	my $day = parse_date($text);
	fail('not a date: %s', $text) unless defined $day;
	return $day;
}

sub do_ship {
	fail('ship ID DATE') unless @_ == 2;
	my $c = find_id($_[0]);
	my $day = date_of($_[1]);
	fail('%d left on %s', $c->{id}, date_text($c->{left})) unless is_here($c);
	fail('%d came on %s only', $c->{id}, date_text($c->{arrived})) if $day < $c->{arrived};
	$c->{left} = $day;
	$c->{berth} = 0;
	save();
	print "$c->{owner} owes ", money(fee_of($c, $day)), "\n";
	return 0;
}

sub do_drop {
	fail('drop ID...') unless @_;
	for my $text (@_) {
		my $gone = find_id($text);
		@book = grep { $_ != $gone } @book;
	}
	save();
	printf "%d dropped, %d left\n", scalar @_, scalar @book;
	return 0;
}

sub do_move {
	fail('move ID BERTH') unless @_ == 2;
	my $c = find_id($_[0]);
	my $berth = parse_int($_[1], 0, $berths);
	fail('not a berth: %s', $_[1]) unless defined $berth;
	fail('%d is not here', $c->{id}) unless is_here($c);
	my $old = $c->{berth};
	put_in_berth($c, $berth);
	save();
	print "$c->{id}: berth $old -> $berth\n";
	return 0;
}

sub do_note {
	my ($id, @words) = @_;
	fail('note ID TEXT...') unless @words;
	my $c = find_id($id);
	my $text = '';
	for my $i (0 .. $#words) {
		fail('a note has at most 200 bytes') if length($text) + length($words[$i]) + 1 >= 200;
		fail('a note is one line') if $words[$i] =~ /[\n\r]/;
		$text .= ' ' if $i > 0;
		$text .= $words[$i];
	}
	my $notes = $c->{notes};
	splice @$notes, 0, 1 if @$notes == $max_notes;
	push @$notes, $text;
	save();
	printf "%d notes\n", scalar @$notes;
	return 0;
}

sub do_split {
	fail('split ID PARTS') unless @_ == 2;
	my $c = find_id($_[0]);
	my $parts = parse_int($_[1], 2, 9);
	fail('into 2 to 9 parts, not %s', $_[1]) unless defined $parts;
	fail('%d is not here', $c->{id}) unless is_here($c);
	my ($weight, $value) = @$c{qw(weight value)};
	fail('%d kg cannot be split into %d', $weight, $parts) if $weight < $parts;
	for my $i (0 .. $parts - 1) {
		my $part = $i ? add_cargo() : $c;
		@$part{qw(code kind arrived owner)} = @$c{qw(code kind arrived owner)};
		$part->{weight} = $weight / $parts + ($i < $weight % $parts ? 1 : 0);
		$part->{value} = $value / $parts + ($i < $value % $parts ? 1 : 0);
		print "$part->{id} $part->{weight} ", money($part->{value}), "\n";
	}
	save();
	return 0;
}

sub do_import {
	fail('import [FILE]') if @_ > 1;
	my $in = \*STDIN;
	if (@_ && $_[0] ne '-') {
		undef $in;
		open $in, '<:raw', $_[0] or fail('cannot read %s', $_[0]);
	}
	my ($number, $taken, $total) = (0, 0, 0);
	for my $line (lines_of($in)) {
		$number++;
		$line =~ s/[\r\n]+\z//;
		next if $line =~ /\A[ \t]*(?:#|\z)/ || ($number == 1 && $line =~ /\Acode/);
		my $fields = split_csv($line, 6);
		fail('line %d: a quote is not closed', $number) if !ref $fields && $fields == -2;
		fail('line %d: six fields are needed', $number) if !ref $fields || @$fields != 6;
		$total += take_cargo(@$fields)->{value};
		$taken++;
	}
	save();
	print "$taken taken, worth ", money($total), "\n";
	return 0;
}

# ---- reports ----

my %orders = (
	id => sub { 0 },
	weight => sub { $_[0]{weight} <=> $_[1]{weight} },
	value => sub { $_[0]{value} <=> $_[1]{value} },
	date => sub { $_[0]{arrived} <=> $_[1]{arrived} },
	owner => sub { $_[0]{owner} cmp $_[1]{owner} },
);

sub parse_filter {
	my %f = (order => $orders{id}, limit => $max_cargo);
	while (@_) {
		my $word = shift;
		if ($word =~ /\A--(csv|reverse|here)\z/) {
			$f{$1} = 1;
		} elsif ($word eq '--kind' && @_) {
			my $kind = shift;
			$f{kind} = parse_kind($kind);
			fail('not a kind: %s', $kind) unless defined $f{kind};
		} elsif ($word eq '--owner' && @_) {
			$f{owner} = shift;
		} elsif ($word eq '--sort' && @_) {
			my $order = shift;
			$f{order} = $orders{$order} or fail('not an order: %s', $order);
		} elsif ($word eq '--limit' && @_) {
			my $limit = shift;
			$f{limit} = parse_int($limit, 1, $max_cargo);
			fail('not a limit: %s', $limit) unless defined $f{limit};
		} else {
			fail('list does not know %s', $word);
		}
	}
	return %f;
}

sub select_cargo {
	my (%f) = @_;
	my @found = grep {
		(!defined $f{kind} || $_->{kind} == $f{kind}) && (!$f{here} || is_here($_)) &&
			(!defined $f{owner} || same_text($_->{owner}, $f{owner}))
	} @book;
	my $sign = $f{reverse} ? -1 : 1;
	@found = sort { $sign * $f{order}->($a, $b) || $a->{id} <=> $b->{id} } @found;
	$#found = $f{limit} - 1 if @found > $f{limit};
	return @found;
}

sub print_row {
	my ($c) = @_;
	printf "%4d  %-11s  %-6s %6d %16s  %s  %s%-2d %s\n", $c->{id}, $c->{code}, $kinds[$c->{kind}],
		$c->{weight}, money($c->{value}), date_text($c->{arrived}), is_here($c) ? 'B' : 'x',
		$c->{berth}, $c->{owner};
}

sub print_csv_row {
	my ($c) = @_;
	printf "%s,%s,%d,%d.%02d,%s,%s\n", $c->{code}, $kinds[$c->{kind}], $c->{weight}, $c->{value} / 100,
		$c->{value} % 100, date_text($c->{arrived}), csv_field($c->{owner});
}

sub do_list {
	my %f = parse_filter(@_);
	my @found = select_cargo(%f);
	my ($weight, $value) = (0, 0);
	for my $c (@found) {
		$f{csv} ? print_csv_row($c) : print_row($c);
		$weight += $c->{weight};
		$value += $c->{value};
	}
	printf "%d cargo%s, %d kg, %s\n", scalar @found, @found == 1 ? '' : 's', $weight, money($value)
		unless $f{csv};
	return 0;
}

sub do_export {
	my $all = @_ == 1 && $_[0] eq '--all';
	fail('export [--all]') if @_ && !$all;
	print "code,kind,weight,value,date,owner\n";
	my @rows = grep { $all || is_here($_) } @book;
	print_csv_row($_) for @rows;
	return @rows ? 0 : 2;
}

my @days = qw(Monday Tuesday Wednesday Thursday Friday Saturday Sunday);

sub short_day { return substr $days[week_day($_[0])], 0, 3 }

sub do_show {
	fail('show ID') unless @_ == 1;
	my $c = find_id($_[0]);
	printf "id       %d\n", $c->{id};
	printf "code     %s %s %s\n", unpack 'A4 A6 A1', $c->{code};
	printf "kind     %s\n", $kinds[$c->{kind}];
	printf "weight   %d.%03d t\n", $c->{weight} / 1000, $c->{weight} % 1000;
	printf "value    %s\n", money($c->{value});
	printf "owner    %s\n", $c->{owner};
	printf "arrived  %s %s\n", short_day($c->{arrived}), date_text($c->{arrived});
	my $stayed = $c->{left} - $c->{arrived};
	if ($c->{left}) {
		printf "left     %s %s, after %d day%s\n", short_day($c->{left}), date_text($c->{left}), $stayed,
			$stayed == 1 ? '' : 's';
	} elsif ($c->{berth}) {
		printf "berth    %d\n", $c->{berth};
	}
	for my $i (0 .. $#{$c->{notes}}) {
		printf "note %d\n", $i + 1;
		print_wrapped($c->{notes}[$i], 40, '    ');
	}
	return 0;
}

sub sum_owners {
	my ($day) = @_;
	my @totals;
	for my $c (grep { $_->{arrived} <= $day } @book) {
		my ($t) = grep { same_text($_->{owner}, $c->{owner}) } @totals;
		push @totals, $t = {owner => $c->{owner}, count => 0, weight => 0, value => 0, fees => 0} unless $t;
		$t->{count}++;
		$t->{weight} += $c->{weight};
		$t->{value} += $c->{value};
		$t->{fees} += fee_of($c, $day);
	}
	return sort { $b->{fees} <=> $a->{fees} || $a->{owner} cmp $b->{owner} } @totals;
}

sub share {
	no integer;
	my ($part, $whole) = @_;
	return $whole ? 100.0 * $part / $whole : 0.0;
}

sub do_report {
	fail('report DATE') unless @_ == 1;
	my $day = date_of($_[0]);
	my ($fees, @count) = (0, (0) x @kinds);
	printf "%s, week %d\n", date_text($day), week_of($day);
	for my $t (sum_owners($day)) {
		printf "%-20.20s %3d %7d kg %16s %12s\n", $t->{owner}, $t->{count}, $t->{weight},
			money($t->{value}), money($t->{fees});
		$fees += $t->{fees};
	}
	printf "fees %s\n", money($fees);
	my @here = grep { $_->{arrived} <= $day && !($_->{left} && $_->{left} < $day) } @book;
	$count[$_->{kind}]++ for @here;
	for my $i (0 .. $#kinds) {
		printf "%-7s %3d %5.1f%% ", $kinds[$i], $count[$i], share($count[$i], scalar @here);
		print '#' x (@here ? ($count[$i] * 20 + @here / 2) / @here : 0), "\n";
	}
	return 0;
}

sub do_berths {
	fail('berths takes no words') if @_;
	for my $berth (1 .. $berths) {
		my $room = berth_room($berth);
		my $weight = 0;
		printf 'berth %d%s:', $berth, $berth > $berths - 2 ? ' (plug)' : '';
		for my $c (grep { $_->{berth} == $berth && is_here($_) } @book) {
			print " $c->{id}";
			$weight += $c->{weight};
		}
		print " = $weight kg" if $weight;
		print $room ? ", room for $room\n" : ", full\n";
	}
	return 0;
}

sub root_of {
	my ($n) = @_;
	my $r = 0;
	$r++ while ($r + 1) * ($r + 1) <= $n;
	return $r;
}

sub do_stats {
	my $here = @_ == 1 && $_[0] eq '--here';
	fail('stats [--here]') if @_ && !$here;
	my @weights = sort { $a <=> $b } map { $_->{weight} } grep { !$here || is_here($_) } @book;
	my ($n, $sum, $squares) = (scalar @weights, 0, 0);
	if ($n == 0) {
		print "nothing here\n";
		return 2;
	}
	$sum += $_ for @weights;
	my $mean = ($sum + $n / 2) / $n;
	$squares += ($_ - $mean) * ($_ - $mean) for @weights;
	my $median = $n % 2 ? $weights[$n / 2] : ($weights[$n / 2 - 1] + $weights[$n / 2]) / 2;
	print "count $n\nleast $weights[0] most $weights[-1]\nmean $mean median $median\n";
	print 'spread ', root_of($squares / ($n - 1)), "\n" if $n > 1;
	return 0;
}

sub do_find {
	fail('find TEXT') if @_ != 1 || $_[0] eq '';
	my $hits = 0;
	for my $c (@book) {
		my $hit = contains($c->{owner}, $_[0]) || contains($c->{code}, $_[0]);
		print "$c->{id} $c->{code} $c->{owner}\n" if $hit;
		for my $k (0 .. $#{$c->{notes}}) {
			next unless contains($c->{notes}[$k], $_[0]);
			printf "%d note %d: %s\n", $c->{id}, $k + 1, $c->{notes}[$k];
			$hit = 1;
		}
		$hits++ if $hit;
	}
	return 2 if $hits == 0;
	print "$hits found\n";
	return 0;
}

# ---- commands ----

my $usage = <<'END';
usage: cargobook COMMAND ...
  add CODE KIND WEIGHT VALUE DATE OWNER [--berth N]  a container comes
  ship ID DATE                                       it leaves
  drop ID...                                         it was a mistake
  move ID BERTH                                      to another place, 0 for none
  note ID TEXT...                                    something about it
  split ID PARTS                                     into several
  fee ID DATE                                        what it owes
  list [--here] [--kind KIND] [--owner OWNER] [--sort ORDER] [--reverse] [--limit N] [--csv]
  show ID                                            all about it
  find TEXT                                          in owners, codes and notes
  report DATE                                        what all owe
  berths                                             where they are
  stats [--here]                                     of weights
  import [FILE]                                      lines of CSV
  export [--all]                                     the same
  check CODE                                         is it a container's?
  date DATE [DAYS]                                   what day it is
kinds: dry, reefer, tank, hazard; orders: id, weight, value, date, owner
END

sub do_fee {
	fail('fee ID DATE') unless @_ == 2;
	my $c = find_id($_[0]);
	my $day = date_of($_[1]);
	fail('%d came on %s only', $c->{id}, date_text($c->{arrived})) if $day < $c->{arrived};
	my $fee = fee_of($c, $day);
	print $fee ? money($fee) : 'free', "\n";
	return 0;
}

sub do_check {
	fail('check CODE') unless @_ == 1;
	my ($code) = @_;
	my $n = length $code;
	fail('a code has 10 or 11 signs') unless $n == 10 || $n == 11;
	for my $i (0 .. $n - 1) {
		my $wanted = $i < 4 ? qr/[A-Z]/ : qr/[0-9]/;
		fail('sign %d of %s is wrong', $i + 1, $code) unless substr($code, $i, 1) =~ $wanted;
	}
	my $digit = check_digit($code);
	if ($n == 10) {
		print "$code$digit\n";
		return 0;
	}
	if (substr($code, 10) != $digit) {
		print "bad, wants $digit\n";
		return 2;
	}
	print good_code($code) ? "good\n" : "good, but no freight container\n";
	return 0;
}

sub do_date {
	fail('date DATE [DAYS]') if @_ < 1 || @_ > 2;
	my $day = date_of($_[0]);
	my $more = @_ == 2 ? parse_int($_[1], -36500, 36500) : 0;
	fail('not a number of days: %s', $_[1]) unless defined $more;
	$day += $more;
	fail('that is too long ago') if $day < 1;
	printf "%s %s, day %d, week %d\n", $days[week_day($day)], date_text($day), day_of_year($day), week_of($day);
	return 0;
}

my %commands = (
	add => \&do_add, ship => \&do_ship, drop => \&do_drop, move => \&do_move, note => \&do_note,
	split => \&do_split, fee => \&do_fee, list => \&do_list, show => \&do_show, find => \&do_find,
	report => \&do_report, berths => \&do_berths, stats => \&do_stats, import => \&do_import,
	export => \&do_export, check => \&do_check, date => \&do_date,
);

my ($command, @args) = @ARGV;
if (!defined $command) {
	print STDERR $usage;
	exit 2;
}
if ($command eq '--help' || $command eq 'help') {
	print $usage;
	exit 0;
}
if (!$commands{$command}) {
	print STDERR "cargobook: no command $command\n";
	exit 2;
}
load();
exit $commands{$command}->(@args);
