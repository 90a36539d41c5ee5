use strict;
use warnings;
use Cwd;
use File::Temp;
use Test::More tests => 2;

my $program = getcwd . '/cargobook.pl';
chdir File::Temp->newdir or die;
is `$program add CSQU3054383 dry 12000 4500.00 2024-02-20 quay`, "1\n", 'a container comes';
is `$program fee 1 2024-02-29`, "60.00\n", 'it owes';
