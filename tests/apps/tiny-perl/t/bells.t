use strict;
use warnings;
use Test::More tests => 3;
use Tiny::Watch;

is(Tiny::Watch::bells(60), 2,  'an hour');
is(Tiny::Watch::bells(0),  8,  'the change of the watch');
is(Tiny::Watch::bells(-1), -1, 'no watch');
