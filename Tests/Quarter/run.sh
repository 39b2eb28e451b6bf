#!/usr/bin/env bash
# Walks a new daemon through a quarter, and ends it.
#
#   Tests/Quarter/run.sh PROBITY MARKET_QUARTER [options of market-quarter]
#
# PROBITY and MARKET_QUARTER are binaries.
set -euo pipefail

PROBITY=$(realpath "${1:?name the probity binary}")
MARKET_QUARTER=$(realpath "${2:?name the market-quarter binary}")
shift 2
WORK=$(mktemp -d)
DAEMON=
finish() {
  if [ -n "$DAEMON" ]; then
    kill "$DAEMON" 2>/dev/null || true
    wait "$DAEMON" 2>/dev/null || true
  fi
  rm -rf "$WORK"
}
trap finish EXIT

"$PROBITY" serve --data "$WORK/data" --listen 127.0.0.1:0 --json >"$WORK/announcement" \
  2>"$WORK/log" &
DAEMON=$!
for _ in $(seq 100); do
  [ -s "$WORK/announcement" ] && break
  if ! kill -0 "$DAEMON" 2>/dev/null; then
    cat "$WORK/log" >&2
    exit 1
  fi
  sleep 0.1
done
PORT=$(sed -n 's/.*"listening":"[^"]*:\([0-9]*\)".*/\1/p' "$WORK/announcement")
"$MARKET_QUARTER" --port "${PORT:?the daemon did not say where it listens}" "$@"
