#!/bin/sh
# One task of the workflow: checks that all it waits for is done, then leaves its mark.
# usage: task.sh FOLDER ID SECONDS [PREDECESSOR…]
set -eu
folder=$1 id=$2 seconds=$3
shift 3
for before in "$@"; do
  if [ ! -f "$folder/$before.done" ]; then
    echo "$id: $before is not done" >&2
    exit 1
  fi
done
printf '%s took %s s, after %s tasks\n' "$id" "$seconds" "$#" >"$folder/$id.done"
