# A server for programs of the Common Gateway Interface (RFC 3875) of one directory: perl -e THIS ADDRESS PORT DIRECTORY NAME [INTERPRETER...]
use strict;
use IO::Socket::INET;
my ($address, $port, $dir, $name, @by) = @ARGV;
my %types = (css => "text/css", js => "text/javascript", gif => "image/gif", png => "image/png", jpg => "image/jpeg", svg => "image/svg+xml", ico => "image/x-icon", html => "text/html", txt => "text/plain");
chdir $dir or die "$dir: $!\n";
my $l = IO::Socket::INET->new(LocalAddr => $address, LocalPort => $port, Listen => 50, ReuseAddr => 1) or die "$@\n";
sub answer {
	my ($c, $status, $head, $body) = @_;
	print $c "HTTP/1.0 $status\r\n${head}Content-Length: " . length($body) . "\r\nConnection: close\r\n\r\n$body";
	exit;
}
sub run {
	my ($c, $in, @program) = @_;
	open my $body, "+>", undef or die;
	print $body $in;
	seek $body, 0, 0;
	open STDIN, "<&", $body or die;
	my $out = "";
	if (open my $p, "-|", @program) { local $/; $out = <$p> // "" }
	answer($c, "500 Internal Server Error", "", "the program gave no answer") unless $out =~ /^(.*?)\r?\n\r?\n(.*)$/s;
	my ($head, $rest) = ($1, $2);
	my $status = $head =~ s/^Status: *(.*?)\r?$//im ? $1 : $head =~ /^Location:/im ? "302 Found" : "200 OK";
	answer($c, $status, join("", map { "$_\r\n" } grep { length } split /\r?\n/, $head), $rest);
}
$SIG{CHLD} = "IGNORE";
while (1) {
	my $c = $l->accept or next;
	next if fork;
	$SIG{CHLD} = "DEFAULT";
	my ($method, $url) = split " ", <$c> // "";
	exit unless defined $url;
	while (defined(my $line = <$c>)) {
		$line =~ s/\r?\n$//;
		last if $line eq "";
		my ($key, $value) = split /: */, $line, 2;
		($key = uc $key) =~ tr/-/_/;
		$ENV{$key =~ /^CONTENT_/ ? $key : "HTTP_$key"} = $value;
	}
	my ($path, $query) = split /\?/, $url, 2;
	read $c, my $in, $ENV{CONTENT_LENGTH} || 0;
	$path =~ s/%([0-9a-f]{2})/chr hex $1/gei;
	answer($c, "403 Forbidden", "", "") if $path =~ m{/\.|\0};
	answer($c, "302 Found", "Location: /$name" . (defined $query ? "?$query" : "") . "\r\n", "") if $path eq "/";
	if ($path =~ m{^(/\Q$name\E)(/.*)?$}s || ($path =~ m{^(/[^/]+\.(?:cgi|pl))(/.*)?$}s && -f ".$1")) {
		my $script = $1;
		@ENV{qw(SCRIPT_NAME PATH_INFO QUERY_STRING REQUEST_METHOD)} = ($script, $2 // "", $query // "", $method);
		@ENV{qw(GATEWAY_INTERFACE SERVER_PROTOCOL SERVER_SOFTWARE REMOTE_ADDR SERVER_NAME SERVER_PORT REQUEST_URI)} = ("CGI/1.1", "HTTP/1.0", "cgi", "127.0.0.1", ($ENV{HTTP_HOST} // "") =~ /^([^:]+)/ ? $1 : $address, $port, $url);
		run($c, $in, @by, ".$script");
	}
	my $type = $path =~ /\.(\w+)$/ ? $types{lc $1} : undef;
	-f ".$path" && open my $f, "<", ".$path" or answer($c, "404 Not Found", "", "there is no $path");
	answer($c, "200 OK", $type ? "Content-Type: $type\r\n" : "", do { local $/; <$f> });
}
