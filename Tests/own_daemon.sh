# To be sourced by scripts that walk through a daemon of their own: starts one of the binary
# $PROBITY, which ends with the script. Sets WORK, a directory that is removed then, and PORT.

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
: "${PORT:?the daemon did not say where it listens}"
