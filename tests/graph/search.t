#!/bin/sh
# Any mode: it looks at what is made in the sandbox, not at the sandbox.
# What a text in plain words means, and the pack that is made of it.
. "$(dirname "$0")/../tap.sh"

tree=$tmp/tree
db=$tmp/map.db
ask() { run "$drydock" graph "$@" --json --state "$state" --db "$db"; }
first() { json '.items[0].entity.name'; }
mkdir -p "$tree/src" "$tree/tests"
cat >"$tree/src/invoice.py" <<'EOF'
from src.tax import rate_of


# Rounds half a cent to the even one, as bookkeeping wants it.
def nearest(amount):
    return round(amount, 2)


def total_of_invoice(invoice):
    return nearest(sum(invoice) * rate_of(invoice))


def send(invoice):
    pass
EOF
cat >"$tree/src/tax.py" <<'EOF'
def rate_of(thing):
    return 1.2


class HTTPRetryPolicy:
    def delays(self):
        return [1, 2]
EOF
printf 'from src.invoice import total_of_invoice\n\n\ndef test_total_of_invoice():\n    assert total_of_invoice([1])\n' >"$tree/tests/test_invoice.py"
printf '# Dunning\nReminders are sent after thirty days.\n' >"$tree/GUIDE.md"
run "$drydock" graph ingest --quiet --state "$state" --db "$db" "$tree"

ask search "how is the total of an invoice computed"
is "by name" "$(first)" src.invoice.total_of_invoice
is "each tells why" "$(json '[.items[] | select(.reason == "")] | length')" 0
ask search "bookkeeping cent"
is "by a comment above it" "$(first)" src.invoice.nearest
ask search "http retries"
is "by parts of a name, and its plural" "$(first)" src.tax.HTTPRetryPolicy
ask search "when are reminders sent"
is "by a document" "$(json '[.items[].entity.name] | index("Dunning") != null')" true
ask search "tests of the total"
is "a test when tests are asked for" "$(json '[.items[0:2][].entity.name] | index("tests.test_invoice.test_total_of_invoice") != null')" true
ask search "invoice total" --by relations
is "by relations: what it uses" "$(json '[.items[].entity.name] | (index("src.tax.rate_of") != null) and (index("src.invoice.nearest") != null)')" true
ask search "invoice total" --by words
is "by words it is not there" "$(json '[.items[].entity.name] | index("src.tax.rate_of")')" null
ask search "bookkeeping reminders days total"
is "where the two ways hardly agree both look farther" "$(json '(.search.agreement < 0.2) == .search.widened')" true
is "the best are no more than asked for" "$("$drydock" graph search invoice --max 2 --json --state "$state" --db "$db" | jq '.items | length')" 2
for q in "" "the of a" "!!!"; do
	ask search "$q"
	is "no word in \"$q\"" "$status $(wc -l <"$tmp/err")" "2 1"
done
ask search invoice --by nothing
is "there is no such way" "$status" 2
ask search zzzunknown
is "nothing found is no error" "$status $(json '.items | length')" "0 0"

# --- the pack
for budget in 1 10 40 100 4000; do
	ask context --query "total of an invoice" --budget $budget
	is "a pack of $budget tokens holds what it may" \
		"$(json '(.used <= .budget) and ([.excerpts[].text | length] | add // 0) <= .budget * 4')" true
done
is "it begins with the best" "$(json '.excerpts[0] | "\(.file):\(.from)"')" src/invoice.py:9
json '.excerpts[] | "\(.file) \(.digest)"' | sort -u | while read -r f d; do
	[ "$(sha256sum "$tree/$f" | cut -d' ' -f1)" = "$d" ] || echo "$f"
done >"$tmp/bad"
is "digests are those of the files" "$(cat "$tmp/bad")" ""
is "no line is shown twice" "$(json '[.excerpts[] | "\(.file) \(range(.from; .to + 1))"] | length - (unique | length)')" 0
echo "# changed" >>"$tree/src/invoice.py"
ask context --query "total of an invoice"
is "a file that changed is not shown" "$(json '[.excerpts[] | select(.file == "src/invoice.py")] | length')" 0
ask context
is "neither place nor question is a usage error" "$status" 2
done_testing
