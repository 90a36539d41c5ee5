# The height of the water, over HTTP; readings are kept in Redis.
use strict;
use warnings;
use IO::Socket::INET;

sub store {
	my $s = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => 6379) or die "no store: $!\n";
	print $s join(' ', @_) . "\r\n";
	my $line = <$s> // '';
	$line = <$s> if $line =~ /^\$\d/;
	return $line =~ s/^[:+]|\s+$//gr;
}

my $port = $ENV{PORT} || 8080;
store('SETNX', 'height', 412);
my $s = IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => $port, Listen => 5, ReuseAddr => 1) or die "port $port: $!\n";
while (my $c = $s->accept) {
	my $request = <$c> // '';
	while (defined(my $line = <$c>)) { last if $line =~ /^\s*$/ }
	my ($path) = $request =~ /^GET (\S+)/;
	my $text = ($path // '') eq '/height' ? store('GET', 'height') : 'tides: see /height';
	store('INCR', 'asked') if ($path // '') eq '/height';
	print $c "HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\nContent-Length: " . length($text) . "\r\n\r\n$text";
	close $c;
}
