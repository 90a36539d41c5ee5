# Against the real thing: the service as its own repository starts it, and the store behind it.
use strict;
use warnings;
use IO::Socket::INET;

sub talk {
	my ($host, $port, $text) = @_;
	my $s = IO::Socket::INET->new(PeerAddr => $host, PeerPort => $port, Timeout => 5) or return "$host:$port: $@";
	print $s $text;
	local $/;
	return <$s> // '';
}

print "1..2\n";
my $height = talk('tides', 8080, "GET /height HTTP/1.0\r\n\r\n");
print $height =~ /412$/ ? '' : 'not ', "ok 1 - tides tells the height\n";
my $asked = talk('127.0.0.1', 6379, "GET asked\r\nQUIT\r\n");
print $asked =~ /^\$1\r\n1\r\n/ ? '' : 'not ', "ok 2 - tides was asked once\n";
