#!/usr/bin/perl
# A server that stands for the vendors of models: it speaks Anthropic Messages (2023-06-01 and 2026-10-21),
# OpenAI Responses and Chat Completions, and Google generateContent, on loopback or a UNIX socket.  It shares no
# line with drydock, checks a request as the vendors do, and computes its answer from the request.
#
#   standin.pl DIR SECONDS [--unix PATH] [--tasks DIR]
#
# Prints "http PORT" (or "unix PATH") when it listens; ends when SECONDS are over or its parent dies.  Each request
# is a line of DIR/requests.jsonl.  The first component of a URL's path is a profile: words joined by "+", which
# the tables below explain; the key is "standin-key".
#
# What a request may ask for, in a line of its last user text:
#   Answer with: TEXT      the answer
#   Think first: TEXT      thoughts before it, signed
#   Call NAME with JSON    a call, if the tool is offered; several lines are several calls
# Behind results of calls the answer is "Results: " and the results, or how long they are.  With --tasks, see solve().
use strict;
use warnings;
use JSON::PP ();
use Digest::MD5 qw(md5_hex);
use Fcntl qw(:flock);
use IO::Socket::INET;
use IO::Socket::UNIX;
use Socket qw(IPPROTO_TCP TCP_NODELAY);
use Time::HiRes qw(sleep);

my ($dir, $seconds, @rest) = @ARGV;
my %option = @rest;
my $json = JSON::PP->new->utf8->canonical->allow_nonref;
my $key = 'standin-key';
my $parent = getppid;
my $listener = $option{'--unix'}
	? IO::Socket::UNIX->new(Local => $option{'--unix'}, Listen => 32)
	: IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => 0, Listen => 32, ReuseAddr => 1);
die "cannot listen: $!" unless $listener;
$| = 1;
print $option{'--unix'} ? "unix $option{'--unix'}\n" : 'http ' . $listener->sockport . "\n";
close STDOUT; # nobody waits for it to end
my $end = time + $seconds;
$SIG{CHLD} = 'IGNORE';
$SIG{PIPE} = 'IGNORE';
while (time < $end && getppid == $parent) {
	my $ready = '';
	vec($ready, fileno $listener, 1) = 1;
	next unless select($ready, undef, undef, 0.5) > 0;
	my $c = $listener->accept or next;
	my $pid = fork;
	if (!$pid) {
		close $listener;
		setsockopt $c, IPPROTO_TCP, TCP_NODELAY, pack('l', 1) unless $option{'--unix'};
		alarm 120;
		1 while serve($c);
		exit 0;
	}
	close $c;
}
exit 0;

# ---- HTTP ----

sub serve {
	my ($c) = @_;
	my ($head, $body) = ('', '');
	while ($head !~ /\r\n\r\n/) {
		sysread($c, $head, 65536, length $head) or return 0;
	}
	($head, $body) = split /\r\n\r\n/, $head, 2;
	my ($first, @lines) = split /\r\n/, $head;
	my %h = map { /^([^:]+):\s*(.*)$/ ? (lc $1, $2) : () } @lines;
	my $size = $h{'content-length'} // 0;
	while (length $body < $size) {
		sysread($c, $body, $size - length $body, length $body) or return 0;
	}
	my ($method, $target) = split / /, $first;
	my ($path, $query) = split /\?/, $target, 2;
	my $profile = $path =~ s{^/([^/]+)}{} ? $1 : '';
	my %p = map { my ($k, $v) = split /=/, $_, 2; ($k, $v // 1) } split /\+/, $profile;
	my $request = eval { $json->decode($body) };
	record({method => $method, profile => $profile, path => $path, query => $query, headers => \%h, body => $request, bytes => length $body});
	my $r = {c => $c, p => \%p, profile => $profile, path => $path, query => $query // '', h => \%h, q => $request};
	eval { answer($r); 1 } or do {
		die $@ unless ref $@ eq 'HASH';
		send_error($r, $@);
	};
	return !$r->{closed};
}

sub record {
	my ($entry) = @_;
	open my $f, '>>', "$dir/requests.jsonl" or die;
	flock $f, LOCK_EX;
	syswrite $f, $json->encode($entry) . "\n";
	close $f;
}

# How often this profile was asked for before.
sub count_up {
	my ($r) = @_;
	my $name = "$dir/count." . md5_hex($r->{profile} . $r->{path});
	open my $f, '+>>', $name or die;
	flock $f, LOCK_EX;
	my $n = -s $f;
	syswrite $f, 'x';
	close $f;
	return $n;
}

sub put {
	my ($r, $bytes) = @_;
	while (length $bytes) {
		my $n = syswrite $r->{c}, $bytes;
		unless ($n) { $r->{closed} = 1; return; }
		substr $bytes, 0, $n, '';
	}
}

sub send_whole {
	my ($r, $status, $headers, $body) = @_;
	put($r, "HTTP/1.1 $status X\r\nContent-Length: " . length($body) . "\r\n" . join('', map { "$_\r\n" } @$headers) . "\r\n$body");
}

# fail(STATUS, TYPE, MESSAGE): as the API at hand says it
sub fail { die {status => $_[0], type => $_[1], message => $_[2], extra => $_[3] // {}, headers => $_[4] // []} }

sub error_body {
	my ($r, $e) = @_;
	my $a = $r->{api} // '';
	return {type => 'error', error => {type => $e->{type}, message => $e->{message}, %{$e->{extra}}}, request_id => 'req_1'}
		if $a eq 'anthropic';
	my %google = (400 => 'INVALID_ARGUMENT', 401 => 'UNAUTHENTICATED', 403 => 'PERMISSION_DENIED', 429 => 'RESOURCE_EXHAUSTED',
		500 => 'INTERNAL', 503 => 'UNAVAILABLE', 504 => 'DEADLINE_EXCEEDED');
	return {error => {code => $e->{status}, message => $e->{message}, status => $google{$e->{status}} // 'UNKNOWN', %{$e->{extra}}}}
		if $a eq 'google';
	return {error => {message => $e->{message}, type => $e->{type}, param => undef, code => $e->{extra}{code}}};
}

sub send_error {
	my ($r, $e) = @_;
	my $id = ($r->{api} // '') eq 'anthropic' ? 'request-id: req_1' : 'x-request-id: req_1';
	send_whole($r, $e->{status}, ['Content-Type: application/json', $id, @{$e->{headers}}], $json->encode(error_body($r, $e)));
}

# ---- which API, and its misbehaviour before an answer ----

sub answer {
	my ($r) = @_;
	my ($p, $path) = ($r->{p}, $r->{path});
	($r->{api}, $r->{count}) = $path =~ m{^/v1/messages(/count_tokens)?$} ? ('anthropic', $1)
		: $path =~ m{^/v1/responses(/input_tokens)?$} ? ('responses', $1)
		: $path eq '/v1/chat/completions' ? ('chat', 0)
		: $path =~ m{^/v1beta/models/([^:]+):(streamGenerateContent|generateContent|countTokens)$} ? ('google', $2 eq 'countTokens')
		: ();
	fail(404, 'not_found_error', "no such path: $path") unless $r->{api};
	$r->{model} = $r->{api} eq 'google' ? ($path =~ m{models/([^:]+):})[0] : $r->{q}{model};
	if ($p->{redirect}) {
		send_whole($r, 307, ["Location: http://127.0.0.1:$p->{redirect}/stolen$path"], '');
		return;
	}
	check_key($r);
	broken_before($r);
	fail(400, 'invalid_request_error', 'the body is not JSON') unless ref $r->{q} eq 'HASH';
	no strict 'refs';
	my $in = &{"read_$r->{api}"}($r);
	if ($r->{count}) {
		my %name = (anthropic => 'input_tokens', responses => 'input_tokens', google => 'totalTokens');
		my $n = tokens($r->{q}{generateContentRequest} // $r->{q});
		send_whole($r, 200, ['Content-Type: application/json'], $json->encode({$name{$r->{api}} => $n}));
		return;
	}
	my $out = think($r, $in);
	$r->{usage} = {input => tokens($r->{q}), output => 0, thinking => 0, cached => $p->{cached} ? 10 : 0};
	for my $part (@{$out->{parts}}) {
		my $n = tokens($part->{text} // $part->{args});
		$r->{usage}{output} += $n;
		$r->{usage}{thinking} += $n if $part->{kind} eq 'thinking';
	}
	&{"stream_$r->{api}"}($r, $out);
}

sub check_key {
	my ($r) = @_;
	my $h = $r->{h};
	my $bearer = ($h->{authorization} // '') eq "Bearer $key";
	my $right = $r->{api} eq 'anthropic' ? ($bearer || ($h->{'x-api-key'} // '') eq $key)
		: $r->{api} eq 'google' ? ($h->{'x-goog-api-key'} // '') eq $key : $bearer;
	$right = 1 if $r->{p}{open};
	fail(400, 'invalid_request_error', 'a key in the address') if $r->{query} =~ /\bkey=/;
	fail(401, 'authentication_error', "invalid key $key") if $r->{p}{tattle};
	fail(401, 'authentication_error', 'invalid x-api-key') unless $right;
}

# 529-then-ok=N 500-then-ok=N 429-then-ok=N: so often, then an answer.  after=MS|s=N|date=N|info=T: what it says of when.
sub broken_before {
	my ($r) = @_;
	my $p = $r->{p};
	my @headers = (defined $p->{'after-ms'} ? "retry-after-ms: $p->{'after-ms'}" : (),
		defined $p->{after} ? "retry-after: $p->{after}" : (),
		$p->{'after-date'} ? 'retry-after: ' . http_date(time + $p->{'after-date'}) : (),
		$p->{should} ? "x-should-retry: $p->{should}" : ());
	my $extra = $p->{info} ? {details => [{'@type' => 'type.googleapis.com/google.rpc.RetryInfo', retryDelay => $p->{info}}]} : {};
	my %types = (529 => 'overloaded_error', 500 => 'api_error', 503 => 'api_error', 429 => 'rate_limit_error', 408 => 'timeout_error',
		409 => 'conflict_error', 400 => 'invalid_request_error', 404 => 'not_found_error', 403 => 'permission_error', 402 => 'billing_error',
		413 => 'request_too_large', 504 => 'timeout_error');
	for my $status (sort keys %types) {
		my $times = $p->{"$status-then-ok"};
		fail($status, $types{$status}, 'for now', $extra, \@headers) if defined $times && count_up($r) < $times;
		fail($status, $types{$status}, 'as always', $extra, \@headers) if $p->{$status};
	}
	if ($p->{'spend-limit'}) {
		my %limit = (anthropic => ['rate_limit_error', {details => {error_code => 'enforced_spend_limit_reached'}}],
			responses => ['insufficient_quota', {code => 'insufficient_quota'}], chat => ['insufficient_quota', {code => 'insufficient_quota'}],
			google => ['', {details => [{'@type' => 'type.googleapis.com/google.rpc.QuotaFailure',
				violations => [{quotaId => 'GenerateRequestsPerDayPerProjectPerModel'}]}]}]);
		fail(429, $limit{$r->{api}}[0], 'the month is over its limit', $limit{$r->{api}}[1], \@headers);
	}
	if ($p->{'too-long'}) {
		my %message = (anthropic => 'prompt is too long: 250000 tokens > 200000 maximum', google => 'The input token count exceeds the maximum number of tokens allowed');
		fail(400, 'invalid_request_error', $message{$r->{api}} // "This model's maximum context length is 128000 tokens", {code => 'context_length_exceeded'});
	}
	if ($p->{html}) {
		send_whole($r, 502, ['Content-Type: text/html', 'Connection: close'], '<html>Bad gateway</html>');
		close $r->{c};
		exit 0;
	}
	if ($p->{hangup}) { close $r->{c}; exit 0; }
	if ($p->{silent}) { # until the client hangs up
		my $ready = '';
		vec($ready, fileno $r->{c}, 1) = 1;
		select($ready, undef, undef, $p->{silent});
		exit 0;
	}
}

sub http_date {
	my @t = gmtime $_[0];
	return sprintf '%s, %02d %s %d %02d:%02d:%02d GMT', (qw(Sun Mon Tue Wed Thu Fri Sat))[$t[6]], $t[3],
		(qw(Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec))[$t[4]], $t[5] + 1900, @t[2, 1, 0];
}

sub tokens { my $t = ref $_[0] ? $json->encode($_[0]) : $_[0] // ''; return int((length($t) + 3) / 4); }

# ---- requests, checked as the vendors check them, into {texts, last, tools, calls, results, schema, max} ----

sub known {
	my ($where, $o, @keys) = @_;
	my %k = map { $_ => 1 } @keys;
	for (sort keys %$o) { fail(400, 'invalid_request_error', "$where$_: Extra inputs are not permitted") unless $k{$_}; }
}
sub need {
	my ($where, $o, @keys) = @_;
	for (@keys) { fail(400, 'invalid_request_error', "$where$_: Field required") unless defined $o->{$_}; }
}
# at(VALUE, KEY...): what lies there, without making the way to it
sub at { my $o = shift; for (@_) { return unless ref $o eq 'HASH'; $o = $o->{$_}; } return $o; }
# The user spoke: results before that are answered.
sub said { my ($in, $text) = @_; $in->{last} = $text; push @{$in->{asked}}, $text; push @{$in->{old}}, splice @{$in->{results}}; }
sub sign { return 'sig-' . md5_hex("signed $_[0]"); }
sub bad { fail(400, 'invalid_request_error', $_[0]); }

sub check_strict {
	my ($where, $s) = @_;
	bad("$where: schema is not an object") unless ref $s eq 'HASH';
	my $p = $s->{properties} or return;
	my %required = map { $_ => 1 } @{$s->{required} // []};
	bad("$where: additionalProperties must be false") unless defined $s->{additionalProperties} && !$s->{additionalProperties};
	for (sort keys %$p) {
		bad("$where: '$_' is missing from required") unless $required{$_};
		check_strict("$where.$_", $p->{$_}) if ref $p->{$_} eq 'HASH';
	}
}

sub read_anthropic {
	my ($r) = @_;
	my $q = $r->{q};
	my $version = $r->{h}{'anthropic-version'} // '';
	bad('anthropic-version: header is required') unless $version;
	bad("anthropic-version: $version is not known") unless $version eq '2023-06-01' || $version eq '2026-10-21';
	my @may = qw(model max_tokens system messages tools tool_choice stream thinking output_config stop_sequences metadata cache_control service_tier);
	push @may, qw(temperature top_p top_k) if $version eq '2023-06-01';
	known('', $q, @may);
	need('', $q, qw(model messages), $r->{count} ? () : 'max_tokens');
	my $in = {texts => [], tools => {}, results => [], max => $q->{max_tokens}, schema => scalar at($q, qw(output_config format schema))};
	my $marks = 0;
	for my $s (ref $q->{system} ? @{$q->{system}} : defined $q->{system} ? {type => 'text', text => $q->{system}} : ()) {
		known('system.', $s, qw(type text cache_control));
		$marks++ if $s->{cache_control};
		push @{$in->{texts}}, $s->{text};
		push @{$in->{asked}}, $s->{text};
	}
	for my $t (@{$q->{tools} // []}) {
		known('tools.', $t, qw(name description input_schema strict cache_control input_examples type));
		need('tools.', $t, qw(name input_schema));
		bad('tools.input_schema.type: must be object') unless ($t->{input_schema}{type} // '') eq 'object';
		bad("tools.name: $t->{name}") unless $t->{name} =~ /^[a-zA-Z0-9_-]{1,128}$/;
		check_strict("tools.$t->{name}", $t->{input_schema}) if $t->{strict};
		$marks++ if $t->{cache_control};
		$in->{tools}{$t->{name}} = $t->{input_schema};
	}
	bad('tool_choice: tools are required') if $q->{tool_choice} && !$q->{tools};
	known('tool_choice.', $q->{tool_choice} // {}, qw(type name disable_parallel_tool_use));
	$in->{choice} = $q->{tool_choice};
	known('output_config.', $q->{output_config} // {}, qw(effort format));
	check_strict('output_config.format', at($q, qw(output_config format schema))) if at($q, qw(output_config format));
	if (my $t = $q->{thinking}) {
		known('thinking.', $t, qw(type budget_tokens display));
		bad('thinking.type: not known') unless $t->{type} =~ /^(enabled|adaptive|disabled|between_tools)$/;
		bad('thinking.budget_tokens: at least 1024') if $t->{type} eq 'enabled' && $t->{budget_tokens} < 1024;
		bad('thinking.budget_tokens: less than max_tokens') if $t->{type} eq 'enabled' && !$r->{count} && $t->{budget_tokens} >= $q->{max_tokens};
		$in->{thinks} = $t->{type} ne 'disabled';
	}
	my ($before, %open);
	for my $m (@{$q->{messages}}) {
		known('messages.', $m, qw(role content));
		bad('messages: the first must be of the user') if !$before && $m->{role} ne 'user';
		bad('messages: roles must alternate') if $before && $before eq $m->{role};
		$before = $m->{role};
		my @content = ref $m->{content} ? @{$m->{content}} : {type => 'text', text => $m->{content}};
		bad('messages.content: at least one block') unless @content;
		my %answered;
		for my $b (@content) {
			$marks++ if $b->{cache_control};
			if ($b->{type} eq 'text') {
				known('content.', $b, qw(type text cache_control citations));
				bad('messages: text content blocks must be non-empty') unless length $b->{text};
				push @{$in->{texts}}, $b->{text};
				said($in, $b->{text}) if $m->{role} eq 'user';
			} elsif ($b->{type} eq 'tool_use') {
				known('content.', $b, qw(type id name input cache_control caller));
				bad('tool_use.input: must be an object') unless ref $b->{input} eq 'HASH';
				bad('Expected `thinking` or `redacted_thinking`, but found `tool_use`') if $b->{id} =~ /_thought$/ && !grep { $_->{type} =~ /thinking/ } @content;
				$open{$b->{id}} = $b->{name};
			} elsif ($b->{type} eq 'tool_result') {
				known('content.', $b, qw(type tool_use_id content is_error cache_control));
				bad("tool_result: unexpected tool_use_id $b->{tool_use_id}") unless $open{$b->{tool_use_id}};
				$answered{$b->{tool_use_id}} = 1;
				push @{$in->{results}}, {text => $b->{content}, error => $b->{is_error}, name => $open{$b->{tool_use_id}}};
			} elsif ($b->{type} eq 'thinking') {
				known('content.', $b, qw(type thinking signature));
				bad('thinking: invalid signature in thinking block') unless ($b->{signature} // '') eq sign($b->{thinking});
			} elsif ($b->{type} eq 'redacted_thinking') {
				bad('redacted_thinking: data was changed') unless $b->{data} eq 'opaque+/==';
			} elsif ($b->{type} !~ /^(server_tool_use|future_block)$/) {
				bad("content.type: $b->{type} is not known");
			}
		}
		if ($m->{role} eq 'user') {
			for (sort keys %open) { bad("tool_use ids without tool_result in the next message: $_") unless $answered{$_}; }
			%open = ();
		}
	}
	bad('tool_use without tool_result') if %open;
	bad("cache_control: at most 4, found $marks") if $marks > 4;
	$in->{marks} = $marks;
	return $in;
}

sub read_responses {
	my ($r) = @_;
	my $q = $r->{q};
	known('', $q, qw(model instructions input tools tool_choice parallel_tool_calls reasoning text max_output_tokens store include prompt_cache_key
		stream metadata temperature top_p truncation user safety_identifier previous_response_id));
	need('', $q, qw(model input));
	my $in = {texts => [$q->{instructions} // ()], asked => [$q->{instructions} // ()], tools => {}, results => [], max => $q->{max_output_tokens}, schema => scalar at($q, qw(text format schema))};
	check_strict('text.format', at($q, qw(text format schema))) if at($q, qw(text format strict));
	known('reasoning.', $q->{reasoning} // {}, qw(effort summary context));
	bad('reasoning.effort: not known') if at($q, qw(reasoning effort)) && at($q, qw(reasoning effort)) !~ /^(none|minimal|low|medium|high|xhigh|max)$/;
	$in->{thinks} = (at($q, qw(reasoning effort)) // 'medium') ne 'none';
	$in->{encrypted} = grep { $_ eq 'reasoning.encrypted_content' } @{$q->{include} // []};
	for my $t (@{$q->{tools} // []}) {
		known('tools.', $t, qw(type name description parameters strict));
		need('tools.', $t, qw(type name parameters));
		check_strict("tools.$t->{name}", $t->{parameters}) if $t->{strict};
		$in->{tools}{$t->{name}} = $t->{parameters};
	}
	$in->{choice} = ref $q->{tool_choice} ? {type => 'tool', name => $q->{tool_choice}{name}} : {type => ({required => 'any', none => 'none'})->{$q->{tool_choice} // ''} // 'auto'};
	$in->{choice}{disable_parallel_tool_use} = 1 if defined $q->{parallel_tool_calls} && !$q->{parallel_tool_calls};
	my %open;
	for my $i (ref $q->{input} ? @{$q->{input}} : {type => 'message', role => 'user', content => $q->{input}}) {
		my $type = $i->{type} // 'message';
		if ($type eq 'message') {
			for my $c (ref $i->{content} ? @{$i->{content}} : {type => 'input_text', text => $i->{content}}) {
				bad("input.content.type: $c->{type}") unless $c->{type} eq ($i->{role} eq 'assistant' ? 'output_text' : 'input_text') || $c->{type} eq 'refusal';
				push @{$in->{texts}}, $c->{text};
				said($in, $c->{text}) if $i->{role} eq 'user';
			}
		} elsif ($type eq 'function_call') {
			bad('function_call.arguments: must be a string') if ref $i->{arguments};
			need('function_call.', $i, qw(call_id name arguments));
			bad('function_call was provided without its required reasoning item') if $i->{call_id} =~ /_thought$/ && !grep { ($_->{type} // '') eq 'reasoning' } @{$q->{input}};
			$open{$i->{call_id}} = $i->{name};
		} elsif ($type eq 'function_call_output') {
			my $name = delete $open{$i->{call_id} // ''} or bad("No tool call found for function call output with call_id $i->{call_id}");
			push @{$in->{results}}, {text => $i->{output}, name => $name};
		} elsif ($type eq 'reasoning') {
			bad('reasoning: encrypted_content was changed') unless ($i->{encrypted_content} // '') eq sign($i->{id}) && ref $i->{summary} eq 'ARRAY';
		} elsif ($type ne 'future_item') {
			bad("input.type: $type is not known");
		}
	}
	bad('No tool output found for function call ' . (sort keys %open)[0]) if %open;
	return $in;
}

sub read_chat {
	my ($r) = @_;
	my $q = $r->{q};
	known('', $q, qw(model messages tools tool_choice parallel_tool_calls response_format max_tokens max_completion_tokens reasoning_effort
		prompt_cache_key stream stream_options temperature top_p stop user store n));
	need('', $q, qw(model messages));
	my $in = {texts => [], tools => {}, results => [], max => $q->{max_completion_tokens} // $q->{max_tokens}, schema => scalar at($q, qw(response_format json_schema schema))};
	check_strict('response_format', $in->{schema}) if at($q, qw(response_format json_schema strict));
	for my $t (@{$q->{tools} // []}) {
		known('tools.', $t, qw(type function));
		known('tools.function.', $t->{function}, qw(name description parameters strict));
		check_strict("tools.$t->{function}{name}", $t->{function}{parameters}) if $t->{function}{strict};
		$in->{tools}{$t->{function}{name}} = $t->{function}{parameters};
	}
	$in->{choice} = ref $q->{tool_choice} ? {type => 'tool', name => $q->{tool_choice}{function}{name}} : {type => ({required => 'any', none => 'none'})->{$q->{tool_choice} // ''} // 'auto'};
	$in->{choice}{disable_parallel_tool_use} = 1 if defined $q->{parallel_tool_calls} && !$q->{parallel_tool_calls};
	$in->{thinks} = 1;
	my %open;
	for my $m (@{$q->{messages}}) {
		known('messages.', $m, qw(role content tool_calls tool_call_id name refusal));
		if ($m->{role} eq 'tool') {
			my $name = delete $open{$m->{tool_call_id} // ''} or bad("messages with role 'tool' must be a response to a preceding message with 'tool_calls'");
			push @{$in->{results}}, {text => $m->{content}, name => $name};
			next;
		}
		bad('an assistant message with tool_calls must be followed by tool messages') if %open;
		bad('messages.content: null without tool_calls') if !defined $m->{content} && !$m->{tool_calls};
		my $text = ref $m->{content} ? join('', map { $_->{text} } @{$m->{content}}) : $m->{content} // '';
		push @{$in->{texts}}, $text;
		said($in, $text) if $m->{role} eq 'user';
		push @{$in->{asked}}, $text if $m->{role} =~ /^(system|developer)$/;
		for my $c (@{$m->{tool_calls} // []}) {
			bad('tool_calls.function.arguments: must be a string') if ref $c->{function}{arguments} || !defined $c->{function}{arguments};
			bad('tool_calls.id: required') unless length($c->{id} // '');
			$open{$c->{id}} = $c->{function}{name};
		}
	}
	bad('tool_calls without their messages') if %open;
	return $in;
}

sub read_google {
	my ($r) = @_;
	my $q = $r->{count} ? $r->{q}{generateContentRequest} // $r->{q} : $r->{q};
	known('', $q, qw(contents systemInstruction tools toolConfig generationConfig safetySettings), $r->{count} ? 'model' : ());
	need('', $q, qw(contents));
	my $g = $q->{generationConfig} // {};
	known('generationConfig.', $g, qw(maxOutputTokens thinkingConfig responseMimeType responseJsonSchema responseSchema temperature topP topK stopSequences candidateCount));
	known('thinkingConfig.', $g->{thinkingConfig} // {}, qw(thinkingBudget thinkingLevel includeThoughts));
	bad('thinkingLevel: not known') if at($g, qw(thinkingConfig thinkingLevel)) && at($g, qw(thinkingConfig thinkingLevel)) !~ /^(MINIMAL|LOW|MEDIUM|HIGH)$/;
	my $in = {texts => [map { $_->{text} } @{$q->{systemInstruction}{parts} // []}], asked => [map { $_->{text} } @{$q->{systemInstruction}{parts} // []}], tools => {}, results => [], max => $g->{maxOutputTokens}, schema => $g->{responseJsonSchema}};
	for my $t (@{$q->{tools} // []}) {
		for my $f (@{$t->{functionDeclarations} // []}) {
			known('functionDeclarations.', $f, qw(name description parameters parametersJsonSchema));
			$in->{tools}{$f->{name}} = $f->{parametersJsonSchema} // $f->{parameters};
		}
	}
	my $c = $q->{toolConfig}{functionCallingConfig} // {};
	my $only = $c->{allowedFunctionNames}[0];
	$in->{choice} = {type => $only ? 'tool' : lc($c->{mode} // 'auto'), name => $only};
	$in->{thinks} = (at($g, qw(thinkingConfig thinkingBudget)) // -1) != 0;
	my ($before, @open);
	for my $m (@{$q->{contents}}) {
		known('contents.', $m, qw(role parts));
		bad('contents.role: user or model') unless ($m->{role} // 'user') =~ /^(user|model)$/;
		bad('contents.parts: at least one') unless @{$m->{parts} // []};
		my @calls;
		for my $part (@{$m->{parts}}) {
			known('parts.', $part, qw(text functionCall functionResponse thought thoughtSignature inlineData executableCode futurePart));
			if (defined $part->{text}) {
				push @{$in->{texts}}, $part->{text};
				said($in, $part->{text}) if ($m->{role} // 'user') eq 'user';
			}
			if (my $f = $part->{functionCall}) {
				bad('Function call is missing a thought_signature') unless ($part->{thoughtSignature} // '') eq sign($f->{name});
				bad('functionCall.args: must be an object') unless ref $f->{args} eq 'HASH';
				push @calls, $f->{name};
			}
			if (my $f = $part->{functionResponse}) {
				my $name = shift @open;
				bad('functionResponse without its functionCall') unless defined $name && $name eq $f->{name};
				bad('functionResponse.response: must be an object') unless ref $f->{response} eq 'HASH';
				push @{$in->{results}}, {text => $f->{response}{output} // $f->{response}{error}, error => exists $f->{response}{error}, name => $name};
			}
		}
		bad('the number of function response parts must equal that of function call parts') if @open;
		@open = @calls;
	}
	return $in;
}

# ---- what the model says: {parts => [{kind, text | name, args}], stop} ----

sub think {
	my ($r, $in) = @_;
	my $p = $r->{p};
	my @parts;
	my $last = $in->{last} // '';
	my $all = join "\n", @{$in->{texts}}, map { $_->{text} // '' } @{$in->{old} // []}, @{$in->{results}};
	return {parts => [$p->{refusal} eq 'late' ? {kind => 'text', text => 'I can'} : ()], stop => 'refusal'} if $p->{refusal};
	return {parts => [], stop => 'blocked'} if $p->{blocked};
	return {parts => [{kind => 'text', text => 'half of it'}], stop => 'length'} if $p->{length};
	return {parts => [{kind => 'text', text => 'no more room'}], stop => 'context'} if $p->{'window-full'};
	return {parts => [{kind => 'text', text => 'searching'}], stop => 'pause'} if $p->{pause} && $all !~ /searching/;
	return {parts => [], stop => 'bad-call'} if $p->{'bad-call'};
	push @parts, {kind => 'thinking', text => $1} if $last =~ /^Think first: (.*)$/m && $in->{thinks};
	push @parts, {kind => 'redacted'} if $p->{redacted};
	# What the model itself said is not what it was told.
	my $told = join "\n", @{$in->{asked} // []}, map { $_->{text} // '' } @{$in->{old} // []}, @{$in->{results}};
	my $solved = $option{'--tasks'} && solve($r, $in, $told);
	return {parts => [@parts, @{$solved->{parts}}], stop => $solved->{stop} // 'end'} if $solved;
	if (@{$in->{results}}) {
		my $said = join ', ', map { ($_->{error} ? 'error ' : '') . (length($_->{text} // '') > 400 ? length($_->{text}) . ' bytes' : $_->{text} // '') } @{$in->{results}};
		return {parts => [@parts, {kind => 'text', text => "Results: $said"}], stop => 'end'};
	}
	my @calls;
	while ($last =~ /^Call (\S+) with (\{.*\})$/mg) {
		my ($name, $args) = ($1, $2);
		next unless $in->{tools}{$name} && ($in->{choice}{type} // 'auto') ne 'none';
		next if $in->{choice}{disable_parallel_tool_use} && @calls;
		push @calls, {kind => 'call', name => $name, args => JSON::PP->new->canonical->decode($args)};
	}
	@calls = map { {%$_, args => {wrong => [1]}} } @calls if $p->{'schema-breaker'};
	$_->{broken} = '{"path": "a.c", ' for $p->{'broken-args'} ? @calls : ();
	push @parts, {kind => 'text', text => 'I will look.'} if @calls && $p->{chatty};
	return {parts => [@parts, @calls], stop => 'calls'} if @calls;
	my $text = $last =~ /^Answer with: (.*)$/m ? $1 : 'The request has ' . scalar(@{$in->{texts}}) . ' texts, ' . scalar(keys %{$in->{tools}}) . ' tools.';
	$text = $json->encode({map { $_ => 'x' } sort keys %{$in->{schema}{properties} // {}}}) if $in->{schema} && !$p->{loose}; # which holds to no form, and does what it reads
	$text = 'caf@E9@ and more' if $p->{latin1};
	$text = 'smile @HI@@LO@ end' if $p->{halves};
	$text = 'lone @HI@ end' if $p->{lone};
	$text = join ' ', map { "word$_" } 1 .. $p->{long} if $p->{long};
	return {parts => [@parts, {kind => 'text', text => $text}], stop => 'end'};
}

# A task of --tasks, DIR/NAME.json: {id, needs: [lines], tools: [names], requirements: [ids], rules: [texts], window: tokens,
# look: {name, args} (first, unless the needs are there), answer, wrong}.  It is known by its id somewhere in the request, and
# solved (profile oracle, or p=N with that probability) only if all that is in the request; else the answer says what lacks.
# task=NAME: only files that begin so.  Instead of one answer, `answers`: [{if: [texts], unless: [texts], answer | edits, ...}],
# the first for which the request has all of `if` and nothing of `unless`.  edits: [{like, replace}] are looked for in the
# request, line and path, where a line "== PATH, lines ..." stands above; {path, find, replace} are sent as they are.
# meet: {n, s}: the first answer waits until n tasks with `meet` were asked for, at most s seconds; a line of DIR/met each, with
# the id and whether they came.  late: every answer comes so many seconds later.
sub solve {
	my ($r, $in, $all) = @_;
	my ($oracle, $chance) = @{$r->{p}}{qw(oracle p)};
	return unless $oracle || defined $chance;
	for my $file (sort glob "$option{'--tasks'}/" . ($r->{p}{task} // '') . '*.json') {
		open my $f, '<', $file or next;
		my $t = $json->decode(join '', <$f>);
		next unless index($all, $t->{id}) >= 0;
		my @lacks = (map { "line $_" } grep { index($all, $_) < 0 } @{$t->{needs} // []});
		my @unsaid = ((map { "requirement $_" } grep { $all !~ /(?<![\w-])\Q$_\E(?![\w-])/ } @{$t->{requirements} // []}),
			(map { "rule $_" } grep { index($all, $_) < 0 } @{$t->{rules} // []}),
			(map { "tool $_" } grep { !$in->{tools}{$_} } @{$t->{tools} // []}));
		my $size = tokens($r->{q});
		push @unsaid, "window: $size tokens of $t->{window}" if $t->{window} && $size > $t->{window};
		if (@lacks && !@unsaid && $t->{look} && !@{$in->{results}} && $in->{tools}{$t->{look}{name}}) {
			return {parts => [{kind => 'call', %{$t->{look}}}], stop => 'calls'};
		}
		meet($t) if $t->{meet};
		sleep $t->{late} if $t->{late};
		return {parts => [{kind => 'text', text => 'I cannot: I do not have ' . join('; ', @unsaid, @lacks)}]} if @lacks || @unsaid;
		if (defined $chance) {
			my $n = count_up($r);
			my $draw = hex(substr md5_hex(($r->{p}{seed} // 1) . "/$t->{id}/$n"), 0, 8) / 0xFFFFFFFF;
			return {parts => [{kind => 'text', text => $t->{wrong} // 'I changed nothing.'}]} if $draw >= $chance;
		}
		my ($one) = grep { my $o = $_; !(grep { index($all, $_) < 0 } @{$o->{if} // []}) && !(grep { index($all, $_) >= 0 } @{$o->{unless} // []}) }
			$t->{answers} ? @{$t->{answers}} : $t;
		return {parts => [{kind => 'text', text => 'I have no answer to this'}]} unless $one;
		return {parts => [{kind => 'call', %{$one->{call}}}], stop => 'calls'} if $one->{call};
		return {parts => [{kind => 'text', text => $one->{edits} ? edit_answer($one, $all) : $one->{answer}}]};
	}
	return;
}

sub meet {
	my ($t) = @_;
	my $own = "$dir/meet." . md5_hex($t->{id});
	return if -e $own;
	open my $f, '>', $own or die;
	my $until = time + $t->{meet}{s};
	my $there;
	sleep 0.05 until ($there = (() = glob "$dir/meet.*") >= $t->{meet}{n}) || time >= $until;
	open my $met, ">>", "$dir/met" or return; # the script is over
	syswrite $met, join(' ', $t->{id} =~ /(\S+)$/, $there ? 'met' : 'alone') . "\n";
}

# What is to be replaced is read from the request.
sub edit_answer {
	my ($one, $all) = @_;
	my @edits;
	for my $e (@{$one->{edits}}) {
		my ($path, $line) = ($e->{path}, $e->{find});
		if ($e->{like}) {
			my $at = '';
			for (split /\n/, $all) {
				$at = $1 if /^== (\S+), lines /;
				($path, $line) = ($path // $at, $_) if /$e->{like}/ && $at && !defined $line;
			}
			return "I do not see a line like $e->{like}" unless defined $line;
		}
		push @edits, {path => $path, find => $line, replace => $e->{replace}};
	}
	return $json->encode({edits => \@edits, summary => $one->{summary} // 'Mend it', complete => $one->{partial} ? JSON::PP::false : JSON::PP::true,
		left => $one->{left} // ''});
}

# ---- how it goes over the wire ----
# split=N crlf cr bom comments multiline no-blank unknown slow=MS cut=N truncated=N error=N (N: events that come before) whole

sub begin_stream {
	my ($r) = @_;
	return if $r->{begun}++;
	my $id = $r->{api} eq 'anthropic' ? 'request-id' : 'x-request-id';
	put($r, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n$id: req_1\r\nTransfer-Encoding: chunked\r\n\r\n");
	raw($r, "\xef\xbb\xbf") if $r->{p}{bom};
	raw($r, ": hello\n\n") if $r->{p}{comments};
}

sub raw {
	my ($r, $bytes) = @_;
	my $n = $r->{p}{split} || length $bytes;
	for (my $i = 0; $i < length $bytes; $i += $n) {
		my $piece = substr $bytes, $i, $n;
		put($r, sprintf("%x\r\n", length $piece) . "$piece\r\n");
	}
}

sub wire {
	my ($event) = @_;
	my $t = ref $event ? $json->encode($event) : $event;
	$t =~ s/\@E9\@/\xe9/g;
	$t =~ s/\@HI\@/\\ud83d/g;
	$t =~ s/\@LO\@/\\ude00/g;
	return $t;
}

sub event {
	my ($r, $name, $data) = @_;
	my $p = $r->{p};
	return if $r->{over};
	begin_stream($r);
	my $n = $r->{events}++;
	if (defined $p->{truncated} && $n >= $p->{truncated}) { close $r->{c}; exit 0; }
	if (defined $p->{cut} && $n >= $p->{cut}) { end_stream($r); return; }
	if (defined $p->{error} && $n >= $p->{error} && !$r->{erred}++) {
		if (!$p->{once} || !count_up($r)) { stream_error($r); end_stream($r); return; }
		delete $p->{error};
	}
	sleep $p->{slow} / 1000 if $p->{slow};
	my $text = wire($data);
	my $eol = $p->{crlf} ? "\r\n" : $p->{cr} ? "\r" : "\n";
	# Between the members of an object a line may end.
	$text =~ s/^\{/{\n/ if $p->{multiline} && $text =~ /^\{/;
	my $lines = join $eol, ($name ? "event: $name" : ()), ($p->{comments} ? ': still here' : ()), map { $p->{tight} ? "data:$_" : "data: $_" } split /\n/, $text;
	$r->{held} = $p->{'no-blank'} ? $eol : '';
	raw($r, ($r->{owed} // '') . $lines . $eol . ($r->{held} ? '' : $eol));
	$r->{owed} = $r->{held};
	if ($p->{unknown} && $n % 2 == 0) {
		my %odd = (anthropic => ['future_event', {type => 'future_event', index => 99, delta => {type => 'future_delta', x => 1}}],
			responses => ['response.future.delta', {type => 'response.future.delta', output_index => 77, delta => 'no'}],
			chat => ['', {id => 'c', object => 'chat.completion.chunk', choices => [], future => {x => 1}}],
			google => ['', {future => {x => 1}}]);
		raw($r, ($r->{owed} // '') . ($odd{$r->{api}}[0] ? "event: $odd{$r->{api}}[0]\n" : '') . 'data: ' . $json->encode($odd{$r->{api}}[1]) . "\n\nid: 5\nretry: 10\n\n");
		$r->{owed} = '';
	}
}

sub stream_error {
	my ($r) = @_;
	my %e = (anthropic => ['error', {type => 'error', error => {type => 'overloaded_error', message => 'Overloaded'}}],
		responses => ['error', {type => 'error', code => 'server_error', message => 'went wrong', param => undef, sequence_number => 9}],
		chat => ['', {error => {message => 'went wrong', type => 'server_error', code => undef}}],
		google => ['', {error => {code => 503, message => 'The model is overloaded.', status => 'UNAVAILABLE'}}]);
	my ($name, $data) = @{$e{$r->{api}}};
	raw($r, ($name ? "event: $name\n" : '') . 'data: ' . $json->encode($data) . "\n\n");
}

sub end_stream {
	my ($r) = @_;
	return if $r->{over}++;
	begin_stream($r);
	put($r, "0\r\n\r\n");
}

sub pieces { my ($t) = @_; return ($t =~ /(\@\w\w\@|[^\@]{1,7}|\@)/gs); }
sub whole { my ($r, $body) = @_; send_whole($r, 200, ['Content-Type: application/json'], wire($body)); }
sub args_text { my ($part) = @_; return $part->{broken} // JSON::PP->new->utf8->canonical->encode($part->{args}); }

sub stream_anthropic {
	my ($r, $out) = @_;
	my %stop = (end => 'end_turn', calls => 'tool_use', length => 'max_tokens', context => 'model_context_window_exceeded', pause => 'pause_turn', refusal => 'refusal', blocked => 'refusal', 'bad-call' => 'end_turn');
	my $u = $r->{usage};
	my $cached = $u->{cached};
	my $usage = {input_tokens => $u->{input} - $cached, cache_creation_input_tokens => 0, cache_read_input_tokens => $cached, output_tokens => 1};
	my $details = $stop{$out->{stop}} eq 'refusal' ? {stop_details => {type => 'refusal', category => 'cyber', explanation => 'I must not'}} : {};
	my @blocks;
	for my $part (@{$out->{parts}}) {
		push @blocks, $part->{kind} eq 'text' ? {type => 'text', text => ''}
			: $part->{kind} eq 'thinking' ? {type => 'thinking', thinking => '', signature => ''}
			: $part->{kind} eq 'redacted' ? {type => 'redacted_thinking', data => 'opaque+/=='}
			: {type => 'tool_use', id => 'toolu_' . (1 + @blocks) . ((grep { $_->{type} =~ /thinking/ } @blocks) ? '_thought' : ''), name => $part->{name}, input => {}};
	}
	my $message = {id => 'msg_1', type => 'message', role => 'assistant', model => $r->{model}, content => [], stop_reason => undef, stop_sequence => undef, usage => $usage};
	if ($r->{p}{whole} || !$r->{q}{stream}) {
		my @full;
		for my $i (0 .. $#blocks) {
			my ($b, $part) = ($blocks[$i], $out->{parts}[$i]);
			push @full, $part->{kind} eq 'text' ? {%$b, text => $part->{text}} : $part->{kind} eq 'thinking' ? {%$b, thinking => $part->{text}, signature => sign($part->{text})}
				: $part->{kind} eq 'redacted' ? $b : {%$b, input => $part->{args}};
		}
		whole($r, {%$message, content => \@full, stop_reason => $stop{$out->{stop}}, %$details, usage => {%$usage, output_tokens => $u->{output}}});
		return;
	}
	event($r, 'message_start', {type => 'message_start', message => $message});
	event($r, 'ping', {type => 'ping'});
	for my $i (0 .. $#blocks) {
		my $part = $out->{parts}[$i];
		event($r, 'content_block_start', {type => 'content_block_start', index => $i, content_block => $blocks[$i]});
		my $delta = sub { event($r, 'content_block_delta', {type => 'content_block_delta', index => $i, delta => $_[0]}) };
		if ($part->{kind} eq 'text') {
			$delta->({type => 'text_delta', text => $_}) for pieces($part->{text});
		} elsif ($part->{kind} eq 'thinking') {
			$delta->({type => 'thinking_delta', thinking => $_}) for pieces($part->{text});
			$delta->({type => 'signature_delta', signature => sign($part->{text})});
		} elsif ($part->{kind} eq 'call') {
			$delta->({type => 'input_json_delta', partial_json => ''});
			my $args = JSON::PP->new->canonical->encode($part->{args});
			$args = $part->{broken} if $part->{broken};
			$args = '' if $args eq '{}';
			$delta->({type => 'input_json_delta', partial_json => $_}) for $args =~ /(.{1,5})/gs;
		}
		event($r, 'content_block_stop', {type => 'content_block_stop', index => $i});
	}
	if ($r->{p}{unknown}) {
		event($r, 'content_block_start', {type => 'content_block_start', index => 50, content_block => {type => 'future_block', data => 'keep me'}});
		event($r, 'content_block_stop', {type => 'content_block_stop', index => 50});
	}
	event($r, 'message_delta', {type => 'message_delta', delta => {stop_reason => $stop{$out->{stop}}, stop_sequence => undef, %$details},
		usage => {output_tokens => $u->{output}, input_tokens => $u->{input} - $cached, $u->{thinking} ? (output_tokens_details => {thinking_tokens => $u->{thinking}}) : ()}});
	event($r, 'message_stop', {type => 'message_stop'});
	end_stream($r);
}

sub stream_responses {
	my ($r, $out) = @_;
	my $u = $r->{usage};
	my $n = 0;
	my $say = sub { my ($type, %data) = @_; event($r, $type, {type => $type, sequence_number => $n++, %data}) };
	my $response = {id => 'resp_1', object => 'response', created_at => 1, model => $r->{model}, status => 'in_progress', output => [], error => undef, incomplete_details => undef};
	my (@items, @streamed);
	for my $part (@{$out->{parts}}) {
		my $i = @items;
		push @items, $part->{kind} eq 'text' ? {type => 'message', id => "msg_$i", role => 'assistant', status => 'completed', content => [{type => 'output_text', text => $part->{text}, annotations => []}]}
			: $part->{kind} eq 'call' ? {type => 'function_call', id => "fc_$i", call_id => "call_$i" . ((grep { $_->{type} eq 'reasoning' } @items) ? '_thought' : ''), name => $part->{name}, status => 'completed', arguments => $part->{broken} // JSON::PP->new->canonical->encode($part->{args})}
			: {type => 'reasoning', id => "rs_$i", summary => [], encrypted_content => sign("rs_$i")};
	}
	push @items, {type => 'message', id => 'msg_r', role => 'assistant', status => 'completed', content => [{type => 'refusal', refusal => 'I must not'}]} if $out->{stop} eq 'refusal';
	my %why = (length => 'max_output_tokens', blocked => 'content_filter', context => 'max_output_tokens');
	my $status = $why{$out->{stop}} ? 'incomplete' : 'completed';
	my $done = {%$response, status => $status, output => \@items, incomplete_details => $why{$out->{stop}} ? {reason => $why{$out->{stop}}} : undef,
		usage => {input_tokens => $u->{input}, input_tokens_details => {cached_tokens => $u->{cached}}, output_tokens => $u->{output}, output_tokens_details => {reasoning_tokens => $u->{thinking}}, total_tokens => $u->{input} + $u->{output}}};
	return whole($r, $done) if $r->{p}{whole} || !$r->{q}{stream};
	$say->('response.created', response => $response);
	for my $i (0 .. $#items) {
		my $item = $items[$i];
		$say->('response.output_item.added', output_index => $i, item => {%$item, $item->{content} ? (content => []) : ()});
		if ($item->{type} eq 'message' && $item->{content}[0]{type} eq 'output_text') {
			my $text = $item->{content}[0]{text};
			my @where = (item_id => $item->{id}, output_index => $i, content_index => 0);
			$say->('response.content_part.added', @where, part => {type => 'output_text', text => '', annotations => []});
			$say->('response.output_text.delta', @where, delta => $_, logprobs => []) for pieces($text);
			$say->('response.output_text.done', @where, text => $text, logprobs => []);
			$say->('response.content_part.done', @where, part => $item->{content}[0]);
		}
		$say->('response.function_call_arguments.delta', item_id => $item->{id}, output_index => $i, delta => $item->{arguments}) if $item->{type} eq 'function_call';
		$say->('response.output_item.done', output_index => $i, item => $item);
	}
	if ($r->{p}{failed}) {
		$say->('response.failed', response => {%$response, status => 'failed', error => {code => 'server_error', message => 'went wrong'}});
	} else {
		$say->("response.$status", response => $done);
	}
	end_stream($r);
}

sub stream_chat {
	my ($r, $out) = @_;
	my ($p, $u) = ($r->{p}, $r->{usage});
	my %finish = (end => 'stop', calls => $p->{'says-stop'} ? 'stop' : 'tool_calls', length => 'length', refusal => 'stop', blocked => 'content_filter', context => 'length');
	my $usage = {prompt_tokens => $u->{input}, completion_tokens => $u->{output}, total_tokens => $u->{input} + $u->{output}, prompt_tokens_details => {cached_tokens => $u->{cached}}, completion_tokens_details => {reasoning_tokens => $u->{thinking}}};
	my $calls = 0;
	my $call = sub {
		my ($part, $args) = @_;
		my $i = $calls++;
		return {$p->{'no-index'} ? () : (index => $i), id => $p->{'no-id'} ? '' : "call_$i", type => 'function',
			function => {name => $part->{name}, arguments => $p->{'object-args'} ? $part->{args} : $args}};
	};
	my $text = join '', map { $_->{text} } grep { $_->{kind} eq 'text' } @{$out->{parts}};
	if ($p->{whole} || !$r->{q}{stream}) {
		my @c = map { $call->($_, $_->{broken} // JSON::PP->new->canonical->encode($_->{args})) } grep { $_->{kind} eq 'call' } @{$out->{parts}};
		delete $_->{index} for @c;
		whole($r, {id => 'chatcmpl-1', object => 'chat.completion', created => 1, model => $r->{model}, choices => [{index => 0, finish_reason => $finish{$out->{stop}},
			message => {role => 'assistant', content => length $text ? $text : undef, refusal => $out->{stop} eq 'refusal' ? 'I must not' : undef, @c ? (tool_calls => \@c) : ()}}], $p->{'no-usage'} ? () : (usage => $usage)});
		return;
	}
	my $chunk = sub {
		my ($delta, $why) = @_;
		event($r, '', {id => 'chatcmpl-1', object => 'chat.completion.chunk', created => 1, model => $r->{model}, choices => [{index => 0, delta => $delta, finish_reason => $why}]});
	};
	$chunk->({role => 'assistant', content => ''});
	for my $part (@{$out->{parts}}) {
		if ($part->{kind} eq 'thinking') {
			$chunk->({reasoning_content => $_}) for pieces($part->{text});
		} elsif ($part->{kind} eq 'text') {
			$chunk->({content => $_}) for pieces($part->{text});
		} elsif ($part->{kind} eq 'call') {
			my $args = $part->{broken} // JSON::PP->new->canonical->encode($part->{args});
			my $c = $call->($part, '');
			$chunk->({tool_calls => [$c]});
			next if $p->{'object-args'};
			$chunk->({tool_calls => [{$p->{'no-index'} ? () : (index => $c->{index}), function => {arguments => $_}}]}) for $args =~ /(.{1,6})/gs;
		}
	}
	$chunk->({refusal => $_}) for $out->{stop} eq 'refusal' ? pieces('I must not') : ();
	$chunk->({}, $finish{$out->{stop}});
	event($r, '', {id => 'chatcmpl-1', object => 'chat.completion.chunk', created => 1, model => $r->{model}, choices => [], usage => $usage})
		if $r->{q}{stream_options}{include_usage} && !$p->{'no-usage'};
	event($r, '', '[DONE]') unless $p->{'no-done'};
	end_stream($r);
}

sub stream_google {
	my ($r, $out) = @_;
	my $u = $r->{usage};
	my %finish = (end => 'STOP', calls => 'STOP', length => 'MAX_TOKENS', refusal => 'SAFETY', 'bad-call' => 'MALFORMED_FUNCTION_CALL', context => 'MAX_TOKENS', pause => 'CONTINUATION');
	my @chunks;
	my $add = sub {
		my ($part, $why) = @_;
		my $told = {promptTokenCount => $u->{input}, candidatesTokenCount => $why ? $u->{output} - $u->{thinking} : 1,
			$u->{thinking} ? (thoughtsTokenCount => $u->{thinking}) : (), $u->{cached} ? (cachedContentTokenCount => $u->{cached}) : (), totalTokenCount => $u->{input} + $u->{output}};
		push @chunks, {candidates => [{index => 0, $part ? (content => {role => 'model', parts => [$part]}) : (), $why ? (finishReason => $why) : ()}],
			usageMetadata => $told, modelVersion => $r->{model}, responseId => 'resp-1'};
	};
	if ($out->{stop} eq 'blocked') {
		push @chunks, {promptFeedback => {blockReason => 'PROHIBITED_CONTENT'}, usageMetadata => {promptTokenCount => $u->{input}, totalTokenCount => $u->{input}}, modelVersion => $r->{model}};
	} else {
		for my $part (@{$out->{parts}}) {
			if ($part->{kind} eq 'text') { $add->({text => $_}) for pieces($part->{text}); }
			elsif ($part->{kind} eq 'thinking') { $add->({text => $_, thought => JSON::PP::true}) for pieces($part->{text}); }
			elsif ($part->{kind} eq 'call') { $add->({functionCall => {name => $part->{name}, args => $part->{args}, $r->{p}{'no-id'} ? () : (id => 'fc-' . $part->{name})}, thoughtSignature => sign($part->{name})}); }
		}
		$add->($r->{p}{signed} ? {text => '', thoughtSignature => 'sig-text'} : undef, $finish{$out->{stop}});
	}
	if ($r->{path} =~ /:generateContent$/ || $r->{p}{whole}) {
		my %whole = %{$chunks[-1]};
		my @parts = map { @{$_->{candidates}[0]{content}{parts} // []} } grep { $_->{candidates} } @chunks;
		$whole{candidates}[0]{content} = {role => 'model', parts => \@parts} if $whole{candidates};
		return whole($r, \%whole);
	}
	return whole($r, \@chunks) unless $r->{query} =~ /\balt=sse\b/;
	event($r, '', $_) for @chunks;
	end_stream($r);
}
