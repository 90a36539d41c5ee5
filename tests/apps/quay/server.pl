# A quay of boats: one page for each thing that can be wrong, right unless quay.conf names it.
use strict;
use warnings;
use IO::Socket::INET;

my %on;
if (open my $f, '<', 'quay.conf') {
	while (<$f>) { $on{$_} = 1 for split }
}
my $port = $ENV{PORT} || 8080;
my $data = '/tmp/quay.boats';
my $crew = '/tmp/quay.crew';

sub page {
	my ($title, $body, %o) = @_;
	my $lang = $o{language} ? '' : ' lang="en"';
	$title = '' if $o{title};
	return (200, "<!DOCTYPE html><html$lang><head><meta charset=utf-8><title>$title</title><style>" .
		"body { font: 16px sans-serif; margin: 2em } .narrow { width: 120px; overflow: hidden; white-space: nowrap } " .
		".over { position: relative; width: 160px; overflow: hidden } .over i { position: absolute; left: 0; opacity: 0; font-size: 100px }" .
		"</style></head><body><main>$body</main></body></html>");
}

sub button {
	my ($name, $script) = @_;
	return "<button type=button id=b>$name</button><p id=out></p><script>b.onclick = () => { $script }</script>";
}

sub account {
	my ($action, $name) = @_;
	return "<form method=post action=$action><label>Name <input name=name></label><label>Password <input type=password name=word></label><button>$name</button></form>";
}

# text with a fault and without: either("x", bad, good)
sub either { return $on{$_[0]} ? $_[1] : $_[2] }

my %pages = (
	'/exception' => sub { page('Boats', '<h1>Boats</h1><p>Three of them.</p>' . either('exception', '<script>boats.length</script>', '')) },
	'/rejection' => sub { page('Tides', '<h1>Tides</h1><ol><li>High</ol>' . either('rejection', '<script>Promise.reject(new Error("no tide"))</script>', '')) },
	'/console' => sub { page('Weather', '<h1>Weather</h1><h2>Wind</h2><p>West.</p>' . either('console', '<script>console.error("no wind")</script>', '')) },
	'/missing' => sub { page('Pilots', '<h1>Pilots</h1><p>See <a href="' . either('missing', '/nowhere', '/console') . '">the list</a>.</p>') },
	'/form' => sub { page('Register', '<h1>Register</h1><form method=post action="/add">' .
		either('label', 'Boat <input name=boat>', '<label>Boat <input name=boat></label>') .
		'<label>Length <input type=number name=length min=1 max=400></label>' .
		'<label>Berth <select name=berth><option>North<option>South</select></label><button>Add</button></form>') },
	# Its fields are named as what every element has.
	'/fields' => sub { page('Cargo', '<h1>Cargo</h1><img name=body width=40 height=40 src="/boat.svg" alt="Cargo">' .
		'<form action="/thanks">' . join('', map { "<label>Crates <input name=$_></label>" } qw(getAttribute hasAttribute children childNodes nodeType localName closest parentNode)) .
		button('Weigh', either('fields', 'throw new Error("no scale")', 'out.textContent = "weighed"')) . '</form>') },
	'/papers' => sub { page('Papers', '<h1>Papers</h1><form method=post action="/paper" enctype="multipart/form-data"><label>Day <input type=date name=day></label>' .
		'<label>Hour <input type=time name=hour></label><label>Colour <input type=color name=colour></label>' .
		'<label>Depth <input type=range name=depth min=3 max=9></label><label>Chart <input type=file name=chart></label><button>Hand in</button></form>') },
	# One joins, and signs on with the same.
	'/join' => sub { page('Join', '<h1>Join</h1><h2>Crew</h2>' . account('/join', 'Join')) },
	'/enter' => sub { page('Enter', '<h1>Enter</h1>' . account('/enter', 'Enter')) },
	'/desk' => sub { page('Desk', '<h1>Desk</h1><pre>Welcome</pre>' . button('Sign', either('desk', 'throw new Error("no pen")', 'out.textContent = "signed"'))) },
	'/lookup' => sub { page('Lookup', '<h1>Lookup</h1><form action="/found"><label>Boat <input name=q></label></form>') },
	'/found' => sub { page('Found', '<h1>Found</h1><h2>Boats</h2><ol><li>One</ol>' . either('lookup', '<script>found.length</script>', '')) },
	'/state' => sub { page('Sluice', '<h1>Sluice</h1><p ' . either('state', 'aria-hiden', 'aria-hidden') . '=true>Shut</p><hr>') },
	'/request' => sub { page('Radar', '<h1>Radar</h1><dl><dt>Range<dd>40</dl>' . either('request', '<script>fetch("/drop").catch(() => 0)</script>', '')) },
	'/redirect' => sub { page('Old list', '<h1>Old list</h1><section><p>It <a href="' . either('redirect', '/turn', '/') . '">moved</a>.</p></section>') },
	'/image' => sub { page('Picture', '<h1>Picture</h1><img width=40 height=40 src="' . either('image', '/broken.png', '/boat.svg') . '" alt="A boat">' .
		'<img width=40 height=40 src="/boat.svg?2"' . either('alt', '', ' alt="Another boat"') . '>') },
	'/blank' => sub { page('Empty', either('blank', '', '<article><h1>Nothing today</h1></article>')) },
	'/wide' => sub { page('Map', '<h1>Map</h1><figure style="width: ' . either('wide', '3000px', '300px') . '">The quay</figure>') },
	'/clipped' => sub { page('Notice', '<h1>Notice</h1><div class="' . either('clipped', 'narrow', 'broad') . '">No boats after eleven in the evening</div><div class="over">Choose a chart<i aria-hidden="true">chart</i></div>') },
	'/overlap' => sub { page('Prices', '<h1>Prices</h1><p>Ten crowns a day</p><p style="position: relative; top: ' . either('overlap', '-34px', '0') . '"><em>Half for members</em></p>') },
	'/dead' => sub { page('Bell', '<h1>Bell</h1>' . button('Ring', either('dead', '', 'out.textContent = "rung"'))) },
	'/trap' => sub { page('Search', '<h1>Search</h1><aside><a href="/">Home</a> <button type=button id=b>Find</button> <a href="/dead">Bell</a></aside><p id=out></p><script>' .
		'b.onclick = () => { out.textContent = "none" };' . either('trap', 'b.onkeydown = (e) => { e.key === "Tab" && e.preventDefault() }', '') . '</script>') },
	'/trace' => sub { page('Report', '<h1>Report</h1><pre>' . either('trace', "Traceback (most recent call last):\n  File \"quay.py\", line 3\nKeyError: 'boat'", 'No incident') . '</pre>') },
	'/secret' => sub { page('About', '<h1>About</h1><blockquote>A quay</blockquote>' . either('secret', '<!-- AKIA' . 'QUAYQUAYQUAYQUAY -->', '<!-- made by hand -->')) },
	'/hang' => sub { page('Count', '<h1>Count</h1><header>Boats</header>' . button('Count', either('hang', 'for (;;);', 'out.textContent = 3'))) },
	'/dialogs' => sub { page('Ask', '<h1>Ask</h1><footer>At the office</footer>' . button('Ask', either('dialogs', 'for (;;) alert("?")', 'alert("Closed"); out.textContent = "asked"'))) },
	'/name' => sub { page('Flags', '<h1>Flags</h1><nav>' . button(either('name', '', 'Hoist'), 'out.textContent = "up"') . '</nav>') },
	'/contrast' => sub { page('Lights', '<h1>Lights</h1><strong style="color: ' . either('contrast', '#bbb', '#222') . '">Green and red</strong> <em style="color: ' . either('contrast', '#bbb', '#222') . '">White and yellow</em>') },
	'/language' => sub { page('Sprache', '<h1>Languages</h1><ul><li>One<li>Two</ul>', language => $on{language}) },
	'/title' => sub { page('Names', '<h1>Names</h1><table><tr><td>Ida</table>', title => $on{title}) },
	'/shadow' => sub { page('Clock', '<h1>Clock</h1><div id=host></div><script>const r = host.attachShadow({mode: "open"}); r.innerHTML = "<button type=button>Wind</button><p></p>";' .
		'r.querySelector("button").onclick = () => { r.querySelector("p").textContent = "wound";' . either('shadow', 'throw new Error("spring broke")', '') . ' }</script>') },
	'/frame' => sub { page('Board', '<h1>Board</h1><iframe title=Notes src="/inner" width=300 height=120></iframe>') },
	'/inner' => sub { page('Notes', '<h2>Notes</h2>' . button('Pin', 'out.textContent = "pinned";' . either('frame', 'throw new Error("no pin")', ''))) },
	'/dialog' => sub { page('Crew', '<h1>Crew</h1><button type=button id=o>Sign on</button><dialog id=d><p>Sure?</p><button type=button id=y>Yes</button></dialog><p id=out></p>' .
		'<script>o.onclick = () => d.showModal(); y.onclick = () => { d.close(); out.textContent = "signed on";' . either('dialog', 'throw new Error("no berth")', '') . ' }</script>') },
	'/admin' => sub { page('Office', '<h1>Office</h1><form method=post action="/clear"><button>Delete all boats</button></form>' .
		'<p><a href="http://example.org/">Elsewhere</a> <a href="/boats.csv" download>Boats as a file</a> <a href="/leave" target=_blank>In a window of its own</a></p>') },
	'/leave' => sub { page('Window', '<h1>Window</h1><p>Here.</p>') },
	'/thanks' => sub { page('Thanks', '<h1>Thanks</h1><hr><p>It is on the list.</p>') },
);

sub home {
	my $links = join '', map { "<li><a href=\"$_\">" . ucfirst(substr $_, 1) . '</a></li>' } grep { !m{^/(desk|found|inner|leave|thanks)$} } sort keys %pages;
	return page('Quay', "<h1>Quay</h1><ul>$links</ul>");
}

# A boat is added once: a second one finds the first, unless the data are as they were.
sub add {
	my ($body) = @_;
	return (500, 'internal error') if $on{answer} && $body =~ /%27/;
	return (500, 'there is a boat already') if -e $data;
	open my $f, '>', $data or return (500, 'no disk');
	return (303, '/thanks');
}

# It fails where all is given, as it should be.
sub paper {
	my ($body) = @_;
	my $full = !grep { $body !~ $_ } qr/"day"\s+2026-0/, qr/"hour"\s+\d\d:\d\d/, qr/"colour"\s+#(?!000000)/, qr/"depth"\s+3/, qr/filename="harbour.txt"/;
	return $on{papers} && $full ? (500, 'no desk') : (303, '/thanks');
}

sub join_crew {
	my ($body) = @_;
	open my $f, '>', $crew or return (500, 'no disk');
	print $f $body;
	return (303, '/enter');
}

sub enter {
	my ($body) = @_;
	open my $f, '<', $crew or return (303, '/enter');
	return (303, <$f> eq $body ? '/desk' : '/enter');
}

sub answer {
	my ($method, $path, $body) = @_;
	$path =~ s/\?.*//;
	return home() if $path eq '/';
	return add($body) if $path eq '/add' && $method eq 'POST';
	return paper($body) if $path eq '/paper' && $method eq 'POST';
	return join_crew($body) if $path eq '/join' && $method eq 'POST';
	return enter($body) if $path eq '/enter' && $method eq 'POST';
	return (500, 'all is gone') if $path eq '/clear';
	return (302, '/turn') if $path eq '/turn';
	return (200, 'boat,length', 'text/csv') if $path eq '/boats.csv';
	return (200, '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="40"><rect width="40" height="40" fill="navy"/></svg>', 'image/svg+xml') if $path eq '/boat.svg';
	return $pages{$path}->() if $pages{$path};
	return (404, '<!DOCTYPE html><html lang=en><title>Not there</title><p>Not there</html>');
}

my %reasons = (200 => 'OK', 302 => 'Found', 303 => 'See Other', 404 => 'Not Found', 500 => 'Error');
sub serve {
	my ($c) = @_;
	my $head = '';
	while (defined(my $line = <$c>)) {
		last if $line =~ /^\r?\n/;
		$head .= $line;
	}
	my ($method, $path) = $head =~ /^(\S+) (\S+)/ or return;
	my ($size) = $head =~ /^content-length: *(\d+)/im;
	my $body = '';
	read $c, $body, $size if $size && $size < 1e6;
	return if $path eq '/drop';
	my ($status, $text, $type) = answer($method, $path, $body);
	$type ||= 'text/html; charset=utf-8';
	my $to = '';
	($to, $text) = ("Location: $text\r\n", '') if $status =~ /^30/;
	print $c "HTTP/1.1 $status $reasons{$status}\r\nContent-Type: $type\r\n${to}Content-Length: " . length($text) . "\r\nConnection: close\r\n\r\n$text";
}

my $l = IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => $port, Listen => 50, ReuseAddr => 1) or die "quay: $@\n";
$SIG{CHLD} = 'IGNORE';
print "the quay is at $port\n";
while (1) {
	my $c = $l->accept or next;
	next if fork; # browsers open connections that they do not use
	$SIG{ALRM} = 'DEFAULT';
	alarm 30;
	serve($c);
	exit;
}
