#!/usr/bin/perl
# plant.pl TABLE NAME <FILE: the file with one change of a table (name, what, old, new; tabs between them), whose old text must be there once.
use strict;
use warnings;

my ($table, $wanted) = @ARGV;
open(my $in, '<', $table) or die "$table: $!\n";
my ($row) = grep { (split /\t/)[0] eq $wanted } <$in> or die "no change $wanted\n";
chomp $row;
my (undef, undef, $old, $new) = split /\t/, $row;
my $text = do { local $/; <STDIN> };
my $times = () = $text =~ /\Q$old\E/g;
die "$wanted: its text is there $times times\n" unless $times == 1;
$text =~ s/\Q$old\E/$new/;
print $text;
