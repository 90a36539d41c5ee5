package Tiny::Watch;
use strict;
use warnings;
use Try::Tiny;

our $VERSION = '0.02';

# Bells of a half hour, counted from the start of the watch.
sub bells {
    my ($minutes) = @_;
    return try { die "no watch\n" if $minutes < 0; int($minutes / 30) || 8 } catch { -1 };
}

1;
