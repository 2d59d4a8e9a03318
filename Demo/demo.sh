#!/bin/sh
# Shows the main path of Rota on a made-up company: a store, an inventory, a plan, a run, webhooks, a report.
# Everything happens in ./demo, which is made anew each time; nothing else is touched.
#
#   ROTA=/path/to/rota Demo/demo.sh      uses that binary; else the one that was built here, release first
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
demo=$root/demo
cd "$root"

for binary in "${ROTA:-}" "$root/.build/release/rota" "$root/.build/debug/rota"; do
    if [ -n "$binary" ] && [ -x "$binary" ]; then break; fi
done
[ -x "$binary" ] || { echo "error: there is no rota to show" >&2; echo "hint: swift build --product rota" >&2; exit 1; }
command -v python3 >/dev/null || { echo "error: the demo needs python3" >&2; exit 1; }

say() { printf '\n== %s\n' "$*"; }
show() { printf '$ rota %s\n' "$*"; }
rota() { "$binary" --config "$demo/rota.yaml" "$@"; }

# A folder that is not a demo's is never removed.
if [ -e "$demo" ]; then
    [ -e "$demo/.made-by-the-demo" ] || { echo "error: $demo is not a demo's folder; move it away" >&2; exit 1; }
    rm -rf "$demo"
fi
umask 077
mkdir "$demo"
touch "$demo/.made-by-the-demo"

say "A webhook receiver starts on a free port; it checks every signature"
printf 'whsec_%s\n' "$(head -c 32 /dev/urandom | base64)" > "$demo/whsec"
python3 "$root/Demo/receiver.py" "$demo" "$demo/whsec" &
receiver=$!
stop_receiver() {
    [ -n "$receiver" ] || return 0
    kill "$receiver" 2>/dev/null || true
    wait "$receiver" 2>/dev/null || true
    receiver=
}
trap stop_receiver EXIT
trap 'exit 130' INT TERM
tries=0
until [ -e "$demo/receiver.port" ]; do
    tries=$((tries + 1))
    [ "$tries" -lt 100 ] || { echo "error: the receiver did not start" >&2; exit 1; }
    sleep 0.1
done
port=$(cat "$demo/receiver.port")
echo "http://127.0.0.1:$port/"

cp "$root/Demo/policies.yaml" "$demo/policies.yaml"
cat > "$demo/rota.yaml" <<CONFIGURATION
store: sqlite:rota.db
policies: policies.yaml
vaults:
  local: { kind: directory, path: secrets }       # consumers read their values from these files
webhooks:
  receiver:
    url: http://127.0.0.1:$port/
    secret: file:whsec
    allow-addresses: ["127.0.0.0/8"]              # private addresses are refused unless they are named
limits: { actions: 600, percent: 40 }             # a run above these is refused as a whole
CONFIGURATION

say "A store"
show init --directory demo
"$binary" init --directory "$demo" > "$demo/init.txt"
sed '$d' "$demo/init.txt" | sed "s|$root/||"
echo "(the value is in demo/init.txt, readable by you alone)"

say "An inventory of a thousand tokens, as a company knows them: names, owners, ages, places, digests; no values"
python3 "$root/Demo/inventory.py" "$demo"
head -n 3 "$demo/inventory.csv" | cut -c 1-110
show import demo/inventory.csv
rota import "$demo/inventory.csv"

say "The policies"
show policy check
rota policy check

say "What is due, and why"
show plan
rota plan --all > "$demo/plan.txt"
rota plan --json > "$demo/plan.json"
head -n 8 "$demo/plan.txt" | cut -c 1-160
echo "..."
tail -n 1 "$demo/plan.txt"

chosen=$(python3 "$root/Demo/choose.py" "$demo/plan.json" "$demo/inventory.csv")
name=${chosen%% *}
file=$demo/secrets/${chosen#* }
cp "$file" "$demo/old-value"
say "One of them, $name"
show policy explain "$name"
rota policy explain "$name"

say "The run: rotate into the vault directory, revoke what nobody uses, tell the receiver"
show run
rota run --json --deliver-within 1m > "$demo/run-1.json" || [ $? -eq 5 ]
show status
rota status > "$demo/status.txt"
head -n 14 "$demo/status.txt" | sed "s|$root/||"
echo "... (demo/status.txt)"

say "Consumers of $name read a new value now; the old one is accepted until its overlap ends"
show token verify "< secrets/${chosen#* }"
rota token verify < "$file"
show token verify "< the old value"
rota token verify < "$demo/old-value"

say "The overlap, 20 seconds here, passes; the next run retires the old values"
sleep 21
show run
rota run --json --deliver-within 1m > "$demo/run-2.json" || [ $? -eq 5 ]
show token verify "< the old value"
if rota token verify < "$demo/old-value"; then echo "error: the old value is still accepted" >&2; exit 1; fi
rota token verify --quiet < "$file" > /dev/null
show audit tail --token "$name"
rota audit tail --token "$name"

say "Reports"
show report --output report.html
for format in html json csv; do rota report --output "demo/report.$format"; done

stop_receiver
say "Done"
python3 "$root/Demo/summary.py" "$demo"
cat <<PLACES

Where to look:
  demo/report.html     what an auditor gets: one page, nothing to load
  demo/report.csv      a row for every policy, rule and token; demo/report.json the same for programs
  demo/plan.txt        the whole plan, with the reason of each action, and what is blocked
  demo/events.jsonl    the webhooks as they came in
  demo/secrets/        the vault directory that consumers read
  demo/rota.yaml       the configuration; demo/policies.yaml the policies
Go on by hand:  rota --config demo/rota.yaml token list
PLACES
