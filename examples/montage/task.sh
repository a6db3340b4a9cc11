#!/bin/sh
# One task of the workflow: checks that all it waits for is done, takes its time, then leaves its mark.
# usage: task.sh FOLDER ID SECONDS PAUSE [PREDECESSOR…]
set -eu
folder=$1 id=$2 seconds=$3 pause=$4
shift 4
for before in "$@"; do
  if [ ! -f "$folder/$before.done" ]; then
    echo "$id: $before is not done" >&2
    exit 1
  fi
done
sleep "$pause"
printf '%s took %s s, after %s tasks\n' "$id" "$seconds" "$#" >"$folder/$id.done"
