#!/bin/sh
# Tests a running daemon from outside, in Python.
#
#   PROBITY_ADDRESS=127.0.0.1:7447 Tests/EndToEnd/run.sh [unittest arguments]
#
# PROBITY_ADDRESS  the daemon; nobody else may use it meanwhile
# PROBITY_TOKEN    its token, where it asks for one
#
# Needs protoc and python3; makes a virtual environment in .build/venv.
set -eu

: "${PROBITY_ADDRESS:?must be host:port of a running daemon}"
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
venv="$root/.build/venv"
# The 4.25 series is the last that reads the code of Debian's protoc 3.21.
protobuf=4.25.8

if ! "$venv/bin/python" -c "import google.protobuf as p; assert p.__version__ == '$protobuf'" 2>/dev/null; then
  python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check "protobuf==$protobuf"
fi

generated=$(mktemp -d)
trap 'rm -rf "$generated"' EXIT
protoc -I "$root/Protos/probity/v1" --python_out="$generated" integrity.proto

cd "$here"
PYTHONPATH="$generated" PYTHONDONTWRITEBYTECODE=1 "$venv/bin/python" -m unittest "${@:-test_protocol}"
