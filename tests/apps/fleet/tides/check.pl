use strict;
use warnings;
use IO::Socket::INET;

print "1..2\n";
my $s = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => 6379);
print $s ? '' : 'not ', "ok 1 - the store is there\n";
print $s "PING\r\n" if $s;
print $s && <$s> =~ /PONG/ ? '' : 'not ', "ok 2 - and answers\n";
