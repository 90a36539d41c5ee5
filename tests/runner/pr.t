#!/bin/sh
# Any mode: it looks at what is made in the sandbox, not at the sandbox.
# drydock pr: the branch of a repair is pushed, and one request is opened for it, whatever happens in between; the token goes to
# the server it is for, and nowhere else.
. "$(dirname "$0")/../tap.sh"
export XDG_CONFIG_HOME="$tmp/config" HOME="$tmp/home"
unset DRYDOCK_MODELS ANTHROPIC_API_KEY OPENAI_API_KEY GEMINI_API_KEY GITHUB_TOKEN GH_TOKEN GITLAB_TOKEN 2>/dev/null
mkdir -p "$tmp/home" "$tmp/forge" "$tmp/root/acme" "$tmp/root/fork"
token=forge-token-5511

# --- a repair, and what it may be pushed to
app=$tmp/tide
cp -r "$apps/fix-tidebook" "$app"
sed -i 's/the table of day 6/closes #12 for @ann/' "$app/Makefile"
git -C "$app" init -q -b main
git -C "$app" add -A
git -C "$app" -c user.name=a -c user.email=a@example.org commit -q -m first
for where in acme/tide fork/tide; do git clone -q --bare "$app" "$tmp/root/$where.git"; done
run "$drydock" fix --json --quiet --state "$state" "$app"
is "a repair leaves a branch" "$status $(json .outcome) $(json .branch | cut -d/ -f1)" "0 fixed drydock"
id=$(json .run)
branch=$(json .branch)
commit=$(json .commit)
is "and a title" "$(json .title)" "Include and declare what is called, and write int where it was meant"

perl tests/runner/forge.pl "$tmp/forge" "$tmp/root" 300 >"$tmp/port" &
on_exit="kill $!; $on_exit"
for _ in 1 2 3 4 5 6 7 8 9 10; do grep -qs http "$tmp/port" && break; sleep 0.2; done
at=http://127.0.0.1:$(sed 's/http //' "$tmp/port")

# pr ARGS...: with a token, and JSON; pr_at PROFILE v3|v4 ARGS...: at the stand-in, which gets the branch over HTTP
pr() { run env GITHUB_TOKEN=$token GITLAB_TOKEN=$token "$drydock" pr --json --state "$state" "$@" "$id"; }
pr_at() {
	profile=$1
	api=$2
	shift 2
	pr --remote "$at/$profile/acme/tide.git" --api "$at/$profile/api/$api" "$@"
}
there() { git --git-dir "$tmp/root/${1:-acme/tide}.git" rev-parse -q --verify "refs/heads/$branch"; }
forget() { git --git-dir "$tmp/root/acme/tide.git" update-ref -d "refs/heads/$branch"; }
opened() { json 'length' "$tmp/forge/$1.json"; }
said() { tr -d '\n' <"$tmp/err" | sed 's/^drydock: //'; }

# --- GitHub
pr_at hub v3
is "a pull request is opened, as a draft" "$status $(json '[.done, .number, .draft, .pushed, .base, .repo] | join(" ")')" "0 opened 1 true true main acme/tide"
cp "$tmp/out" "$tmp/first"
is "for the commit of the run" "$(there)" "$commit"
ok "what was pushed is whole" git --git-dir "$tmp/root/acme/tide.git" fsck --strict
is "nothing else was" "$(git --git-dir "$tmp/root/acme/tide.git" for-each-ref --format='%(refname)' | tr '\n' ' ')" "refs/heads/$branch refs/heads/main "
body=$(json '.[0].body' "$tmp/forge/hub.json")
is "it is told what GitHub wants to be told" "$(jq -c 'select(.method == "POST" and .profile == "hub" and (.path | test("pulls$"))) | .body | del(.body)' "$tmp/forge/requests.jsonl")" \
	"{\"base\":\"main\",\"draft\":true,\"head\":\"acme:$branch\",\"title\":\"Include and declare what is called, and write int where it was meant\"}"
ok "the text has the evidence" sh -c 'echo "$1" | grep -qF "| \`build\` | failed | passed |" && echo "$1" | grep -qF "Commit: \`$2\`"' sh "$body" "$commit"
is "and no path of this machine" "$(echo "$body" | grep -cF -e "$tmp" -e "$state")" 0
pr_at hub v3
is "again: nothing is new" "$status $(json '[.done, .number, .pushed] | join(" ")') $(opened hub)" "0 unchanged 1 false 1"
jq '.[0].body = "People wrote this"' "$tmp/forge/hub.json" >"$tmp/x" && mv "$tmp/x" "$tmp/forge/hub.json"
pr_at hub v3
is "another text is brought up to date" "$(json .done) $(opened hub) $(json '.[0].body' "$tmp/forge/hub.json")" "updated 1 $body"
for end in merged closed; do
	jq --arg s $end '.[0].state = $s' "$tmp/forge/hub.json" >"$tmp/x" && mv "$tmp/x" "$tmp/forge/hub.json"
	pr_at hub v3
	is "one that people $end stays so" "$status $(json .done) $(opened hub)" "$([ $end = closed ] && echo 1 || echo 0) $end 1"
done

# --- GitLab
forget
pr_at lab v4
is "a merge request is opened, as a draft" "$status $(json '[.forge, .done, .number, .draft, .pushed] | join(" ")') $(there)" "0 gitlab opened 1 true true $commit"
is "it is told what GitLab wants to be told" "$(jq -c 'select(.method == "POST" and .profile == "lab" and (.path | test("merge"))) | .body | del(.description)' "$tmp/forge/requests.jsonl")" \
	"{\"source_branch\":\"$branch\",\"target_branch\":\"main\",\"target_project_id\":31,\"title\":\"Draft: Include and declare what is called, and write int where it was meant\"}"
jq '.[0].body = "old"' "$tmp/forge/lab.json" >"$tmp/x" && mv "$tmp/x" "$tmp/forge/lab.json"
pr_at lab v4
is "again: its text is of now" "$(json .done) $(opened lab) $(json '.[0].body' "$tmp/forge/lab.json" | grep -c '^## Evidence')" "updated 1 1"
pr --remote "$at/both/fork/tide.git" --api "$at/both/api/v4" --repo acme/tide
is "from a fork" "$status $(json '.[0] | [.source, .target, .base] | join(" ")' "$tmp/forge/both.json") $(there fork/tide)" "0 fork/tide acme/tide main $commit"
pr --remote "$at/hubs/fork/tide.git" --api "$at/hubs/api/v3" --repo acme/tide
is "of GitHub, too" "$status $(json '.[0] | [.owner, .target] | join(" ")' "$tmp/forge/hubs.json")" "0 fork acme/tide"

# --- killed in between; other things that happen
for where in pr.pushed pr.opened; do
	for api in v3 v4; do
		forget
		run env DRYDOCK_FAULT=$where:1 GITHUB_TOKEN=$token GITLAB_TOKEN=$token "$drydock" pr --state "$state" --remote "$at/kill$where$api/acme/tide.git" \
			--api "$at/kill$where$api/api/$api" "$id"
		killed=$status
		pr_at "kill$where$api" $api
		is "killed at $where: one request, $api" "$killed $status $(json '.number') $(opened "kill$where$api")" "137 0 1 1"
	done
done
for api in v3 v4; do
	pr_at cut+$api $api
	is "the answer to its opening breaks off: it is found, $api" "$status $(json '[.done, .number] | join(" ")') $(opened cut+$api)" "0 opened 1 1"
	pr_at race+$api $api
	is "somebody opened it in between, $api" "$status $(json .number) $(opened race+$api)" "0 1 1"
	others=$(for n in 1 2 3; do printf '{"n": %d, "state": "open", "branch": "other-%d", "base": "main", "owner": "acme", "source": "acme/tide", "target": "acme/tide", "body": ""},' $n $n; done)
	printf '[%s {"n": 4, "state": "open", "branch": "%s", "base": "main", "owner": "acme", "source": "acme/tide", "target": "acme/tide", "body": ""}]' "$others" "$branch" >"$tmp/forge/pages+$api.json"
	pr_at pages+$api $api
	is "it is found on the fourth page, $api" "$status $(json '[.done, .number] | join(" ")') $(opened pages+$api)" "0 updated 4 4"
	pr_at elsewhere+$api $api
	is "a next page on another host is not asked for, $api" "$status $(said | grep -c 'on another server')" "3 1"
	pr_at moved+$api $api
	is "a redirect is not followed, and said, $api" "$status $(said | grep -c 'no redirect is followed')" "3 1"
	pr_at gitmoved+$api $api
	is "nor one of git, $api" "$status $(said | grep -c 'no redirect is followed')" "3 1"
	pr_at forbidden+$api $api
	is "403 says what the token needs, $api" "$status $(said | grep -c 'it needs .* on acme/tide')" "3 1"
	pr_at bad+$api $api
	is "401 says that the token is not accepted, without it, $api" "$status $(said | grep -c 'not accepted.*Bad credentials: \*\*\*') $(grep -c $token "$tmp/err")" "3 1 0"
done
is "no request went where a redirect pointed" "$(jq -c 'select(.profile == "stolen" or (.headers.host | startswith("localhost")))' "$tmp/forge/requests.jsonl")" ""
run env GITHUB_TOKEN='*****' timeout 60 "$drydock" pr --json --state "$state" --remote "$at/stars/acme/tide.git" --api "$at/stars/api/v3" "$id"
is "a token of stars is hidden, too" "$status $(said | grep -c 'Bad credentials: \*\*\*\*\*')" "3 1"
pr_at missing v3
is "404 says where to look" "$status $(said | grep -c 'there is no acme/tide at .* look at --remote')" "3 1"
pr_at limited v3
is "a limit says when it ends" "$status $(said | grep -c 'too many requests .* after 2030-01-01T00:00:00')" "3 1"
pr_at busy v4
is "and one on writing" "$status $(said | grep -c 'try again in 77 s')" "3 1"
pr_at nodraft v3
is "where there are no drafts, it says so" "$status $(said | grep -c -- '--ready')" "3 1"
pr_at nodraft v3 --ready
is "and opens one that is none" "$status $(json '[.done, .draft] | join(" ")')" "0 opened false"
pr_at web v3
is "a page that is no API" "$status $(said | grep -c 'no JSON: is that the base URL')" "3 1"
pr_at slow v3 --time 1
is "a server that does not answer" "$status $(said | grep -ci 'time')" "3 1"
forget
pr_at readonly v3
is "a token that may not push" "$status $(said | grep -c 'write access to the repository') $(opened readonly)" "3 1 0"

# --- what is no file in the repository is passed over
mkfifo "$app/.git/refs/heads/pipe"
run timeout 60 env GITHUB_TOKEN=$token "$drydock" pr --json --state "$state" --remote "$at/pipe/acme/tide.git" --api "$at/pipe/api/v3" "$id"
is "a FIFO among its branches is not waited for" "$status $(json .done) $(opened pipe)" "0 opened 1"
run timeout 60 "$drydock" verify --json --state "$state" "$id"
is "nor by verify" "$(json '.problems | length') $(json '.branches[0]')" "0 refs/heads/$branch $commit"
rm "$app/.git/refs/heads/pipe"

# --- somebody worked on the branch
git --git-dir "$tmp/root/acme/tide.git" update-ref "refs/heads/$branch" main
pr_at theirs v3
is "a branch that is elsewhere is left alone" "$status $(there) $(said | grep -c 'somebody worked on it') $(opened theirs)" \
	"3 $(git -C "$app" rev-parse main) 1 0"
forget
git -C "$app" branch -q -f "$branch" main
pr_at mine v3
is "and one that is elsewhere here" "$status $(said | grep -c 'for you to push')" "2 1"
git -C "$app" branch -q -f "$branch" "$commit"

# --- who may see a token
pr --remote "$at/x/acme/tide.git"
is "a host that only the repository names sees none" "$status $(said | grep -c -- '--api https://HOST')" "2 1"
git -C "$app" remote add origin https://evil.example/acme/tide.git
pr --api https://git.example.org/api/v4
is "nor does another one than the API's" "$status $(said | grep -c 'not sent to the remote https://evil.example')" "2 1"
pr --api http://git.example.org/api/v4 --remote http://git.example.org/a/b.git
is "and none goes unencrypted" "$status $(said | grep -c 'over https')" "2 1"
run "$drydock" pr --state "$state" --remote "$at/x/acme/tide.git" --api "$at/x/api/v3" "$id"
is "without one, it says which" "$status $(said | grep -c 'set GITHUB_TOKEN or GH_TOKEN')" "2 1"
printf '#!/bin/sh\necho %s\n' $token >"$tmp/token.sh"
chmod 755 "$tmp/token.sh"
run "$drydock" pr --json --state "$state" --token-command "$tmp/token.sh" --remote "$at/cmd/acme/tide.git" --api "$at/cmd/api/v3" "$id"
is "a command gives one" "$status $(json .done)" "0 opened"
is "no byte of it is left anywhere" "$(grep -rlF $token "$state/runs/$id")" ""
git -C "$app" remote set-url origin "https://user:$token@github.com/acme/tide.git"
pr --dry-run
is "the public host is known, and credentials in a URL are not told" "$status $(json '[.api, .remote, .repo] | join(" ")')" \
	"0 https://api.github.com https://github.com/acme/tide.git acme/tide"

# --- over ssh, and into a directory
mkdir "$tmp/bin"
printf '#!/bin/sh\necho "$*" >>"%s/ssh"\nwhile [ "$1" != -- ]; do shift; done\ncd "%s" && eval "$3"\n' "$tmp" "$tmp/root" >"$tmp/bin/ssh"
chmod 755 "$tmp/bin/ssh"
forget
PATH="$tmp/bin:$PATH" pr --remote git@127.0.0.1:acme/tide.git --api "$at/ssh/api/v4"
is "over ssh" "$status $(json '[.done, .pushed] | join(" ")') $(there)" "0 opened true $commit"
is "which asks nothing, and gets no option out of a URL" "$(head -n 1 "$tmp/ssh")" "-o BatchMode=yes -T -- git@127.0.0.1 git-receive-pack 'acme/tide.git'"
for url in 'ssh://-oProxyCommand=x/a/b' "git@h:a';touch x;'b" 'ext::sh -c x'; do
	pr --remote "$url" --api "$at/ssh/api/v4"
	echo "$status $(said | grep -c 'is neither')"
done >"$tmp/refused"
is "what is no URL is refused" "$(sort -u "$tmp/refused")" "2 1"
forget
printf '#!/bin/sh\ntouch "%s"\n' "$tmp/hook-ran" >"$tmp/root/acme/tide.git/hooks/pre-receive"
chmod 755 "$tmp/root/acme/tide.git/hooks/pre-receive"
pr --remote "$tmp/root/acme/tide.git" --api "$at/dir/api/v3" --repo acme/tide
is "into a directory, whose hooks do not run" "$status $(json '[.done, .pushed] | join(" ")') $(there) $(ls "$tmp" | grep -c hook-ran)" "0 opened true $commit 0"
ok "it is whole, too" git --git-dir "$tmp/root/acme/tide.git" fsck --strict


# --- what a repair leaves is attested, and evaluated; what came later is no part of it
verify() { run "$drydock" verify --json --state "$state" "$id"; }
verify
dir=$state/runs/$id
is "the run is what it was, with its branch" "$(json '[(.problems | length), (.unlisted | length), .branches[0]] | join(" ")')" "0 0 refs/heads/$branch $commit"
jq -r .payload "$dir/attestation.json" | base64 -d >"$tmp/payload"
is "its attestation is of what it gave" "$(jq -r '[.subject[].name] | map(select(. == "fix.patch" or . == "pr.md" or . == "result.json" or . == "guide.json" or . == "before/attestation.json")) | sort | join(" ")' "$tmp/payload")" \
	"before/attestation.json fix.patch guide.json pr.md result.json"
is "and says what that is" "$(jq -r '.predicate.buildDefinition | [.buildType, (.internalParameters.repair | .outcome, .before, .after, .review, (.kept | length), (.models | length), .cost.tokens), .resolvedDependencies[0].name] | join(" ")' "$tmp/payload")" \
	"urn:drydock:fix:1 fixed build-failed up not cross-reviewed 1 0 0 source tree"
for file in fix.patch pr.md before/result.json; do
	cp "$dir/$file" "$tmp/kept"
	echo more >>"$dir/$file"
	verify
	echo "$status $(json '[.verdict, (.problems[] | .name + ": " + .what)] | join(" ")')"
	cp "$tmp/kept" "$dir/$file"
done >"$tmp/found"
is "what was changed is named" "$(cat "$tmp/found")" "$(printf '1 changed %s: changed\n' fix.patch pr.md before/result.json)"
git -C "$app" branch -q -f "$branch" main
verify
is "as is a branch that is elsewhere" "$(json '[.verdict, (.problems[] | .name + ": " + .what)] | join(" ")')" "changed refs/heads/$branch: is at $(git -C "$app" rev-parse main)"
run "$drydock" guide --json --state "$state" "$id"
is "the guide says what is proven" "$(json '[.outcome, .percent, (.parts | map(.name) | join(","))] | join(" ")')" "fixed 100 mended,build,tests"
is "and what is left, with hours, basis, skill, reason and first step" "$(json '[.items[] | select(.basis and .skill and .why and .first_step and .hours_high > 0) | .id] | sort | join(" ")') $(json '.items | length')" \
	"review:application review:branch 2"
done_testing
