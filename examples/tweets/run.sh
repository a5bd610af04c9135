#!/bin/sh
# Runs the tweet application on a real Apache Kafka: its own, or the one that
# BOOTSTRAP names. ^C or the end of SECONDS_TO_RUN stops everything.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
seconds=${SECONDS_TO_RUN:-15}
work=$(mktemp -d)
kafka=

cleanup() {
	trap - EXIT
	trap '' INT TERM
	[ -z "${queries:-}" ] || kill -TERM "$queries" 2>/dev/null || true
	[ -z "${fake:-}" ] || kill -TERM "$fake" 2>/dev/null || true
	[ -z "${consumer:-}" ] || kill -TERM "$consumer" 2>/dev/null || true
	wait
	[ -z "$kafka" ] || (cd "$root" && go run ./internal/kafkatest/cmd/kafka stop --dir "$work/kafka")
	rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

(cd "$root" && go build -o "$work/sqlstream" ./cmd/sqlstream)
sqlstream="$work/sqlstream"

if [ -z "${BOOTSTRAP:-}" ]; then
	echo "starting Apache Kafka" >&2
	BOOTSTRAP=$(cd "$root" && go run ./internal/kafkatest/cmd/kafka start --dir "$work/kafka")
	kafka=started
fi
echo "Kafka at $BOOTSTRAP" >&2

# The files name the address that Kafka has by default.
for f in tables queries fake; do
	sed "s/127\.0\.0\.1:9092/$BOOTSTRAP/g" "$here/$f.sql" >"$work/$f.sql"
done

"$sqlstream" run "$work/tables.sql" "$work/queries.sql" &
queries=$!
"$sqlstream" run "$work/tables.sql" "$work/fake.sql" &
fake=$!

# The topic is there as soon as the queries have made it.
tries=0
until "$sqlstream" run "$work/tables.sql" -e 'SELECT 1 FROM processed_tweet LIMIT 0' >/dev/null 2>&1; do
	tries=$((tries + 1))
	[ "$tries" -lt 60 ] || {
		echo "the topic processed-tweet does not come into being" >&2
		exit 1
	}
	sleep 0.5
done
"$sqlstream" consume processed-tweet --from-beginning --bootstrap "$BOOTSTRAP" &
consumer=$!

# In the background, so that ^C is heeded at once.
sleep "$seconds" &
wait $!
