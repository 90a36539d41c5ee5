#!/usr/bin/perl
# A server that stands for GitHub and GitLab: their REST APIs as far as requests to pull go, and git over HTTP for bare
# repositories, on loopback.  It shares no line with drydock, and checks what it gets as the vendors say they do.
#
#   forge.pl DIR ROOT SECONDS
#
# ROOT/OWNER/NAME.git are the repositories.  Prints "http PORT" when it listens; ends when SECONDS are over or its parent dies.
# Each request is a line of DIR/requests.jsonl, what was opened lies in DIR/PROFILE.json.  The first component of a URL's
# path is a profile, words joined by "+":
#
#   pages      lists come one entry a page, others' before ours     elsewhere  the next page is on another host
#   moved      the repository is somewhere else, another host       gitmoved   the same of git
#   limited, busy     too many requests, as the vendors say that    forbidden, missing, bad, broken    403, 404, 401 that repeats the token, 502
#   nodraft    there are no drafts                                  web        an answer of a browser's page
#   cut        a request is opened, and its answer breaks off       slow       every answer of the API takes five seconds
#   race       somebody else opens one in between                   readonly   git may not be pushed to
use strict;
use warnings;
use JSON::PP ();
use MIME::Base64 qw(decode_base64);
use Fcntl qw(:flock);
use IO::Socket::INET;

my ($dir, $root, $seconds) = @ARGV;
my $json = JSON::PP->new->utf8->canonical->allow_nonref;
my $token = 'forge-token-5511';
my %ids = ('acme/tide' => 31, 'fork/tide' => 32); # of GitLab's projects
my $parent = getppid;
my $listener = IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => 0, Listen => 32, ReuseAddr => 1) or die "cannot listen: $!";
my $port = $listener->sockport;
$| = 1;
print "http $port\n";
close STDOUT;
my $end = time + $seconds;
$SIG{CHLD} = 'IGNORE';
$SIG{PIPE} = 'IGNORE';
while (time < $end && getppid == $parent) {
	my $ready = '';
	vec($ready, fileno $listener, 1) = 1;
	next unless select($ready, undef, undef, 0.5) > 0;
	my $c = $listener->accept or next;
	next if fork;
	$SIG{CHLD} = 'DEFAULT';
	close $listener;
	alarm 30;
	serve($c);
	exit 0;
}
exit 0;

# ---- HTTP ----

sub serve {
	my ($c) = @_;
	my ($head, $body) = ('', '');
	while ($head !~ /\r\n\r\n/) {
		sysread($c, $head, 65536, length $head) or return;
	}
	($head, $body) = split /\r\n\r\n/, $head, 2;
	my ($first, @lines) = split /\r\n/, $head;
	my %h = map { /^([^:]+):\s*(.*)$/ ? (lc $1, $2) : () } @lines;
	print $c "HTTP/1.1 100 Continue\r\n\r\n" if ($h{expect} // '') eq '100-continue';
	while (length $body < ($h{'content-length'} // 0)) {
		sysread($c, $body, 65536, length $body) or return;
	}
	my ($method, $target) = split / /, $first;
	my ($path, $query) = split /\?/, $target, 2;
	my $profile = $path =~ s{^/([^/]+)}{} ? $1 : '';
	my %p = map { ($_ => 1) } split /\+/, $profile;
	my %q = map { my ($k, $v) = split /=/, $_, 2; ($k, unescape($v // '')) } split /&/, $query // '';
	my $r = {c => $c, method => $method, profile => $profile, p => \%p, path => $path, query => \%q, h => \%h, body => $body};
	my $is_git = $path =~ m{\.git/};
	record({method => $method, profile => $profile, path => $path, query => \%q, headers => \%h,
		body => $is_git ? undef : scalar eval { $json->decode($body) }});
	return git($r) if $is_git;
	sleep 5 if $p{slow};
	return answer($r, 200, '<html>Welcome</html>', 'Content-Type: text/html') if $p{web};
	return github($r) if $path =~ s{^/api/v3}{} and $r->{path} = $path;
	return gitlab($r) if $path =~ s{^/api/v4}{} and $r->{path} = $path;
	fail($r, 404, 'Not Found');
}

sub unescape { my $s = shift; $s =~ s/%([0-9A-Fa-f]{2})/chr hex $1/ge; $s }

sub answer {
	my ($r, $status, $body, @headers) = @_;
	my $text = join "\r\n", "HTTP/1.1 $status It", 'Connection: close', 'Content-Length: ' . length $body, @headers, '', '';
	print { $r->{c} } $text, $body;
	close $r->{c};
}

sub give { my ($r, $status, $value, @headers) = @_; answer($r, $status, $json->encode($value), 'Content-Type: application/json; charset=utf-8', @headers) }
sub fail { my ($r, $status, $message, @headers) = @_; give($r, $status, {message => $message}, @headers) }

sub record {
	open my $f, '>>', "$dir/requests.jsonl" or die;
	flock $f, LOCK_EX;
	print $f $json->encode($_[0]), "\n";
	close $f;
}

# with_requests R CODE: the requests of the profile, as CODE leaves them
sub with_requests {
	my ($r, $code) = @_;
	open my $lock, '>', "$dir/lock" or die;
	flock $lock, LOCK_EX;
	my $file = "$dir/$r->{profile}.json";
	my $all = -e $file ? do { local (@ARGV, $/) = $file; $json->decode(<>) } : [];
	my @got = $code->($all);
	open my $f, '>', $file or die;
	print $f $json->encode($all);
	close $f;
	return wantarray ? @got : $got[0];
}

# What both do before they look at anything.  True: it was answered.
sub turned_away {
	my ($r, $given) = @_;
	my $p = $r->{p};
	return fail($r, 401, "Bad credentials: $given"), 1 if $given ne $token || $p->{bad};
	return answer($r, 301, '', "Location: http://localhost:$port/stolen$r->{path}"), 1 if $p->{moved};
	return fail($r, 403, 'API rate limit exceeded', 'X-RateLimit-Remaining: 0', 'X-RateLimit-Reset: 1893456000'), 1 if $p->{limited};
	return fail($r, 429, 'Retry later', 'Retry-After: 77'), 1 if $p->{busy} && $r->{method} ne 'GET';
	return fail($r, 403, 'Resource not accessible by personal access token'), 1 if $p->{forbidden};
	return fail($r, 404, 'Not Found'), 1 if $p->{missing};
	return fail($r, 502, 'Bad Gateway'), 1 if $p->{broken};
	return 0;
}

sub branch_is_there { my ($project, $branch) = @_; system("git --git-dir='$root/$project.git' rev-parse -q --verify 'refs/heads/$branch' >/dev/null 2>&1") == 0 }

# list R ENTRIES: as pages, with Link
sub list {
	my ($r, @all) = @_;
	my $size = $r->{p}{pages} ? 1 : $r->{query}{per_page} || 30;
	my $page = $r->{query}{page} || 1;
	my @here = splice @all, ($page - 1) * $size, $size;
	my $more = @all > ($page - 1) * $size;
	my $host = $r->{p}{elsewhere} ? 'localhost' : '127.0.0.1';
	my $api = $r->{h}{'private-token'} ? 'v4' : 'v3';
	my $next = "http://$host:$port/$r->{profile}/api/$api$r->{path}?page=" . ($page + 1) .
		join '', map { "&$_=" . ($r->{query}{$_} =~ s/([^A-Za-z0-9._-])/sprintf '%%%02X', ord $1/ger) } grep { $_ ne 'page' } sort keys %{$r->{query}};
	give($r, 200, \@here, $more || $r->{p}{elsewhere} ? "Link: <$next>; rel=\"next\", <$next>; rel=\"last\"" : ());
}

# what an object of the body may have, and must; the first that is wrong
sub wrong_member {
	my ($body, %type) = @_;
	return 'body' unless ref $body eq 'HASH';
	for (keys %$body) { return $_ unless $type{$_} }
	for (keys %type) {
		my ($must, $kind) = $type{$_} =~ /^(!?)(.*)$/;
		return $_ if $must && !defined $body->{$_};
		next unless exists $body->{$_};
		return $_ if $kind eq 'boolean' ? ref $body->{$_} ne 'JSON::PP::Boolean' : ref $body->{$_};
	}
	return undef;
}

# ---- GitHub ----

sub pull { # of an entry
	my ($r, $e) = @_;
	return {number => $e->{n}, html_url => "http://forge/$e->{target}/pull/$e->{n}", state => $e->{state} eq 'open' ? 'open' : 'closed',
		merged_at => $e->{state} eq 'merged' ? '2026-01-02T03:04:05Z' : undef, title => $e->{title}, body => $e->{body},
		draft => $e->{draft} ? JSON::PP::true : JSON::PP::false, base => {ref => $e->{base}, repo => {full_name => $e->{target}}},
		head => {ref => $e->{branch}, label => "$e->{owner}:$e->{branch}", repo => {full_name => $e->{source}}}};
}

sub github {
	my ($r) = @_;
	my $h = $r->{h};
	my $given = ($h->{authorization} // '') =~ /^Bearer (.*)$/ ? $1 : '';
	return if turned_away($r, $given);
	return fail($r, 403, 'Request forbidden by administrative rules. Please make sure your request has a User-Agent header') unless $h->{'user-agent'};
	return fail($r, 400, 'Accept or version') if $h->{accept} ne 'application/vnd.github+json' || ($h->{'x-github-api-version'} // '') ne '2022-11-28';
	return fail($r, 404, 'Not Found') unless $r->{path} =~ m{^/repos/([\w.-]+/[\w.-]+)(/pulls(/(\d+))?)?$} && -d "$root/$1.git";
	my ($project, $pulls, $n) = ($1, $2, $4);
	return give($r, 200, {id => 9, full_name => $project, default_branch => 'main'}) if !$pulls && $r->{method} eq 'GET';
	if (!$n && $r->{method} eq 'GET') {
		my ($owner, $branch) = split /:/, $r->{query}{head} // '', 2;
		my @all = with_requests($r, sub { @{$_[0]} });
		@all = grep { $_->{owner} eq $owner && $_->{branch} eq $branch } @all unless $r->{p}{pages};
		return list($r, map { pull($r, $_) } grep { $r->{query}{state} eq 'all' || $r->{query}{state} eq $_->{state} } @all);
	}
	my $body = $json->decode($r->{body});
	if (!$n && $r->{method} eq 'POST') {
		my $wrong = wrong_member($body, title => '!string', head => '!string', base => '!string', body => 'string', draft => 'boolean', maintainer_can_modify => 'boolean');
		my ($owner, $branch) = split /:/, $body->{head} // '', 2;
		$wrong //= 'head' unless branch_is_there("$owner/tide", $branch // '');
		$wrong //= 'base' unless branch_is_there($project, $body->{base});
		return give($r, 422, {message => 'Validation Failed', errors => [{resource => 'PullRequest', field => $wrong, code => 'invalid'}]}) if $wrong;
		return give($r, 422, {message => 'Validation Failed', errors => [{resource => 'PullRequest', code => 'custom',
			message => 'Draft pull requests are not supported in this repository.'}]}) if $body->{draft} && $r->{p}{nodraft};
		return open_one($r, {owner => $owner, branch => $branch, base => $body->{base}, title => $body->{title}, body => $body->{body}, draft => $body->{draft},
			source => "$owner/tide", target => $project}, \&pull,
			422, {message => 'Validation Failed', errors => [{resource => 'PullRequest', code => 'custom', message => "A pull request already exists for $body->{head}."}]});
	}
	if ($n && $r->{method} eq 'PATCH') {
		my $wrong = wrong_member($body, title => 'string', body => 'string', state => 'string', base => 'string');
		return give($r, 422, {message => 'Validation Failed', errors => [{field => $wrong, code => 'invalid'}]}) if $wrong;
		return change_one($r, $n, $body->{body}, \&pull);
	}
	fail($r, 404, 'Not Found');
}

# ---- GitLab ----

sub merge { # of an entry
	my ($r, $e) = @_;
	return {id => 1000 + $e->{n}, iid => $e->{n}, web_url => "http://forge/$e->{target}/-/merge_requests/$e->{n}", state => $e->{state} eq 'open' ? 'opened' : $e->{state},
		title => $e->{title}, description => $e->{body}, draft => $e->{draft} ? JSON::PP::true : JSON::PP::false, target_branch => $e->{base},
		source_branch => $e->{branch}, project_id => $ids{$e->{target}}, target_project_id => $ids{$e->{target}}, source_project_id => $ids{$e->{source}}};
}

sub gitlab {
	my ($r) = @_;
	return if turned_away($r, $r->{h}{'private-token'} // '');
	my %by_id = reverse %ids;
	my $path = $r->{path};
	return fail($r, 404, '404 Not Found') unless $path =~ m{^/projects/([^/]+)(/merge_requests(/(\d+))?)?$};
	my ($name, $merges, $n) = (unescape($1), $2, $4);
	my $project = $by_id{$name} // $name;
	return fail($r, 404, '404 Project Not Found') unless $ids{$project};
	return give($r, 200, {id => $ids{$project}, path_with_namespace => $project, default_branch => 'main'}) if !$merges && $r->{method} eq 'GET';
	if (!$n && $r->{method} eq 'GET') {
		my @all = grep { $_->{target} eq $project } with_requests($r, sub { @{$_[0]} });
		@all = grep { $_->{branch} eq $r->{query}{source_branch} } @all unless $r->{p}{pages};
		return list($r, map { merge($r, $_) } @all);
	}
	my $body = $json->decode($r->{body});
	if (!$n && $r->{method} eq 'POST') {
		my $wrong = wrong_member($body, title => '!string', source_branch => '!string', target_branch => '!string', description => 'string', target_project_id => 'number');
		return give($r, 400, {error => "$wrong is missing or invalid"}) if $wrong;
		my $target = $by_id{$body->{target_project_id} // $ids{$project}};
		return give($r, 422, {message => ['Source branch does not exist']}) unless branch_is_there($project, $body->{source_branch});
		return open_one($r, {owner => '', branch => $body->{source_branch}, base => $body->{target_branch}, title => $body->{title}, body => $body->{description},
			draft => $body->{title} =~ /^Draft: /, source => $project, target => $target}, \&merge,
			409, {message => ['Another open merge request already exists for this source branch: !1']});
	}
	return change_one($r, $n, $body->{description}, \&merge) if $n && $r->{method} eq 'PUT' && !wrong_member($body, description => '!string');
	fail($r, 400, 'Bad Request');
}

# ---- what they have in common ----

sub open_one {
	my ($r, $entry, $as, $status, $exists) = @_;
	my ($e, $there) = with_requests($r, sub {
		my ($all) = @_;
		my ($open) = grep { $_->{state} eq 'open' && $_->{branch} eq $entry->{branch} && $_->{source} eq $entry->{source} } @$all;
		return ($open, 1) if $open;
		$entry->{n} = @$all + 1;
		$entry->{state} = 'open';
		push @$all, $entry;
		return ($entry, $r->{p}{race});
	});
	return give($r, $status, $exists) if $there;
	if ($r->{p}{cut}) {
		print { $r->{c} } "HTTP/1.1 201 It\r\nContent-Type: application/json\r\nContent-Length: 5000\r\n\r\n{\"number\": ";
		close $r->{c};
		return;
	}
	give($r, 201, $as->($r, $e));
}

sub change_one {
	my ($r, $n, $body, $as) = @_;
	my $e = with_requests($r, sub { my ($e) = grep { $_->{n} == $n } @{$_[0]}; $e->{body} = $body if $e; $e });
	$e ? give($r, 200, $as->($r, $e)) : fail($r, 404, 'Not Found');
}

# ---- git ----

sub git {
	my ($r) = @_;
	my ($basic) = ($r->{h}{authorization} // '') =~ /^Basic (.*)$/;
	my ($user, $given) = split /:/, decode_base64($basic // ''), 2;
	return answer($r, 302, '', "Location: http://localhost:$port/stolen$r->{path}") if $r->{p}{gitmoved};
	return answer($r, 401, '', 'WWW-Authenticate: Basic realm="forge"') unless ($given // '') eq $token && $user =~ /^(x-access-token|oauth2)$/;
	return answer($r, 403, '') if $r->{p}{readonly};
	local %ENV = (PATH => $ENV{PATH}, HOME => '/nonexistent', GIT_CONFIG_NOSYSTEM => 1, GIT_CONFIG_COUNT => 2, GIT_CONFIG_KEY_0 => 'safe.directory',
		GIT_CONFIG_VALUE_0 => '*', GIT_CONFIG_KEY_1 => 'http.receivepack', GIT_CONFIG_VALUE_1 => 'true',
		GIT_PROJECT_ROOT => $root, GIT_HTTP_EXPORT_ALL => 1, REMOTE_USER => $user, REMOTE_ADDR => '127.0.0.1', REQUEST_METHOD => $r->{method},
		PATH_INFO => $r->{path}, QUERY_STRING => join('&', map { "$_=$r->{query}{$_}" } keys %{$r->{query}}), CONTENT_LENGTH => length $r->{body},
		CONTENT_TYPE => $r->{h}{'content-type'} // '');
	my $file = "$dir/git-$$";
	open my $in, '>:raw', "$file.in" or die;
	print $in $r->{body};
	close $in;
	system("git http-backend <'$file.in' >'$file.out' 2>'$file.err'");
	open my $out, '<:raw', "$file.out" or die;
	my $text = do { local $/; <$out> };
	my ($head, $body) = split /\r\n\r\n/, $text, 2;
	my $status = $head =~ s/^Status: (\d+).*\r?\n//m ? $1 : 200;
	answer($r, $status, $body // '', split /\r\n/, $head);
}
