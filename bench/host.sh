#!/usr/bin/env bash
# `periplus serve --nic host` beside nginx, both over this host's own TCP on the loopback interface, by wrk: the servers on one processor,
# wrk on another, in turn. periplus records every request and shows a journey a second; nginx logs nothing.
#
# usage: bench/host.sh PERIPLUS [ROUNDS [SECONDS]], the command, 5 rounds of 4 seconds if not said
# Needs nginx, wrk, curl and taskset: apt-get install nginx-light wrk curl util-linux
set -euo pipefail
[ $# -ge 1 ] || { sed -n '/^# usage/,/^# Needs/s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2 && exit 2; }
periplus=$(realpath "$1") rounds=${2:-5} seconds=${3:-4}
ulimit -n 20000

work=$(mktemp -d)
clean_up() {
  for pid in "${ours:-}" "${theirs:-}"; do
    [ -z "$pid" ] || kill "$pid" 2>/dev/null || true
  done
  wait
  rm -rf "$work"
}
trap clean_up EXIT
mkdir "$work/site"
head -c 1024 /dev/urandom >"$work/site/1KiB"
head -c 102400 /dev/urandom >"$work/site/100KiB"
chmod -R a+rX "$work"
cat >"$work/nginx.conf" <<NGINX
worker_processes 1;
daemon off;
pid $work/pid;
error_log $work/error.log;
events { worker_connections 4096; }
http {
  access_log off;
  sendfile on;
  tcp_nopush on;
  keepalive_requests 1000000000;
  open_file_cache max=1000 inactive=60s;
  open_file_cache_valid 60s;
  server { listen 127.0.0.1:8092; root $work/site; }
}
NGINX
taskset -c 0 nginx -e "$work/error.log" -c "$work/nginx.conf" &
theirs=$!
taskset -c 0 "$periplus" serve "$work/site" --nic host --listen 127.0.0.1:8091 2>"$work/talk" &
ours=$!
for port in 8091 8092; do
  for file in 1KiB 100KiB; do
    curl -sS --retry 20 --retry-delay 1 --retry-connrefused "http://127.0.0.1:$port/$file" | cmp - "$work/site/$file"
  done
done

rate() { # rate PORT FILE: requests a second
  taskset -c 1 wrk -t1 -c64 -d"$seconds" "http://127.0.0.1:$1/$2" | sed -n 's/^Requests\/sec: *//p'
}
for file in 1KiB 100KiB; do
  for _ in $(seq "$rounds"); do
    printf '%s %s\n' "$(rate 8092 "$file")" "$(rate 8091 "$file")"
  done | awk -v file="$file" '{ ratio[NR] = $2 / $1; printf "%-7s nginx %9.0f  periplus %9.0f  %.2f\n", file, $1, $2, ratio[NR] }
    END { for (i = 1; i <= NR; i++) for (j = i + 1; j <= NR; j++) if (ratio[j] < ratio[i]) { t = ratio[i]; ratio[i] = ratio[j]; ratio[j] = t }
          printf "%-7s median %.2f\n", file, ratio[int((NR + 1) / 2)] }'
done
