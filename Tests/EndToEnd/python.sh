#!/usr/bin/env bash
# Runs Python with what the tests from outside need: Google's protobuf library,
# the messages generated from Protos/, the client and the daemon of this folder.
#
#   Tests/EndToEnd/python.sh PROBITY arguments of python...
#
# PROBITY is the binary. Needs protoc and python3; makes a virtual environment
# in .build/venv.
set -euo pipefail

root=$(cd "$(dirname "$0")/../.." && pwd)
PROBITY=$(realpath "${1:?name the probity binary}")
export PROBITY PYTHONDONTWRITEBYTECODE=1
shift
venv="$root/.build/venv"
# The 4.25 series is the last that reads the code of Debian's protoc 3.21.
protobuf=4.25.8

if ! "$venv/bin/python" -c "import google.protobuf as p; assert p.__version__ == '$protobuf'" \
  2>/dev/null; then
  python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check "protobuf==$protobuf"
fi

generated=$(mktemp -d)
trap 'rm -rf "$generated"' EXIT
protoc -I "$root/Protos/probity/v1" --python_out="$generated" integrity.proto

PYTHONPATH="$generated:$root/Tests/EndToEnd" "$venv/bin/python" "$@"
