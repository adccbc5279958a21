#!/usr/bin/env bash
# `periplus serve` on an interface of its own beside nginx on the kernel's stack, by wrk.
#
#   wrk's processor                           the server's processor
#   wrk, its kernel ── client0 ═ veth ═ server0 ── kernel ── nginx          10.76.0.2, port 81 with an access log
#                   ── client1 ═ veth ═ server1 ── packet:server1, periplus 10.77.0.2
#                   ── tap ────────────────────── tap:tap, periplus         10.78.0.2
#
# Everything is in network namespaces made here, which end with the processes in them. What a frame costs at its receiver is done on the receiver's
# processor, as with a NIC that interrupts there (receive packet steering): within a machine it would be done by the sender's otherwise, and a server would
# pay for its client's kernel, and not for its own.
#
# A server is started anew for each figure; they take turns, a round each. periplus records every request, as it comes: it shows a journey a second. In
# `+journeys` it keeps all of them in a file, beside nginx with an access log. The answers are compared with the files, and the lengths of the header sections
# with one another, before anything is measured.
#
# usage: bench/network.sh [OPTION VALUE]…, as root
#   --periplus FILE     the command; built from this repository if not given
#   --rounds 5          of which the median counts
#   --seconds 4         of a figure, after one to warm up
#   --connections 64    at the same time
#   --work NAME         only this one: 1KiB, 1KiB-close or 100KiB
#   --server NAME       only this one: nginx, nginx+log, packet, packet+journeys or tap; may be given several times
#   --cpus A,B          wrk's processor and the server's; the first two there are if not given
#   --json              a line of JSON a figure, instead of the table
# Needs nginx, wrk, curl, ethtool, ip, nsenter, setpriv, taskset and pgrep: apt-get install nginx-light wrk curl ethtool iproute2 util-linux procps
set -euo pipefail
bench=$(realpath "$(dirname "${BASH_SOURCE[0]}")")

say() { printf 'network.sh: %s\n' "$*" >&2; }
usage() {
  sed -n '/^# usage/,/^# Needs/s/^# \{0,1\}//p' "$bench/network.sh" >&2
  exit 2
}

works=(1KiB 1KiB-close 100KiB)
all_servers=(nginx nginx+log packet packet+journeys tap)
servers=() periplus='' rounds=5 seconds=4 connections=64 cpus='' json=
arguments=("$@")
while [ $# -gt 0 ]; do
  case "$1 ${2-}" in
  '--json '*) json=1 && shift && continue ;;
  '--periplus '?*) periplus=$2 ;;
  '--rounds '[1-9]*) rounds=$2 ;;
  '--seconds '[1-9]*) seconds=$2 ;;
  '--connections '[1-9]*) connections=$2 ;;
  '--work 1KiB' | '--work 1KiB-close' | '--work 100KiB') works=("$2") ;;
  '--server nginx' | '--server nginx+log' | '--server packet' | '--server packet+journeys' | '--server tap') servers+=("$2") ;;
  '--cpus '[0-9]*,[0-9]*) cpus=$2 ;;
  *) usage ;;
  esac
  shift 2
done
[ "${#servers[@]}" -gt 0 ] || servers=("${all_servers[@]}")

if [ -z "${PERIPLUS_BENCH_NAMESPACE:-}" ]; then
  [ "$(id -u)" = 0 ] || {
    say 'not run: only root may make the interfaces and say which processor takes their frames. Run it by sudo.'
    exit 2
  }
  for tool in nginx wrk curl ethtool ip nsenter unshare setpriv taskset pgrep; do
    command -v "$tool" >/dev/null || {
      say "not run: $tool is missing: apt-get install nginx-light wrk curl ethtool iproute2 util-linux procps"
      exit 2
    }
  done
  if [ -z "$periplus" ]; then
    cargo build --release --quiet -p periplus --manifest-path "$bench/../Cargo.toml"
    target=$(cargo metadata --format-version 1 --no-deps --manifest-path "$bench/../Cargo.toml" | sed 's/.*"target_directory":"\([^"]*\)".*/\1/')
    periplus=$target/release/periplus
  fi
  periplus=$(realpath "$periplus")
  PERIPLUS_BENCH_NAMESPACE=1 exec unshare --net --mount "$bench/network.sh" "${arguments[@]}" --periplus "$periplus"
fi

work=$(mktemp -d)
started=()
clean_up() {
  for pid in "${started[@]}"; do
    disown "$pid" 2>/dev/null || true
    kill -TERM "$pid" 2>/dev/null || true
  done
  rm -rf "$work"
}
trap clean_up EXIT
trap 'say "line $LINENO failed"' ERR
trap 'exit 130' INT
trap 'exit 143' TERM
fail() {
  say "$*"
  for talk in "$work"/*.talk; do
    [ ! -s "$talk" ] || tail -n 20 "$talk" >&2
  done
  exit 1
}

# --- the network -----------------------------------------------------------------------------------------------------------------------------

IFS=, read -r client_cpu server_cpu < <(
  if [ -n "$cpus" ]; then echo "$cpus"; else
    allowed=$(sed -n 's/^Cpus_allowed_list:[[:space:]]*//p' /proc/self/status)
    for part in ${allowed//,/ }; do seq -s ' ' "${part%-*}" "${part#*-}"; done | tr '\n' ' ' | awk '{ print $1 "," $2 }'
  fi
)
case $server_cpu in '' | "$client_cpu") fail 'needs two processors, one for wrk and one for the server' ;; esac

# `in_client COMMAND…` has a process as parent that lives on if this is killed; the signal that setpriv asks for ends it then.
mount -t sysfs sysfs /sys
setpriv --pdeathsig KILL unshare --net --mount sleep infinity &
holder=$!
started+=("$holder")
until [ "$(readlink "/proc/$holder/ns/net")" != "$(readlink /proc/self/ns/net)" ] && [ "$(cat "/proc/$holder/comm")" = sleep ]; do
  kill -0 "$holder" || fail 'no namespace'
done
enter=(nsenter -t "$holder" -n -m)
in_client() { "${enter[@]}" "$@"; }
in_client mount -t sysfs sysfs /sys

# mask PROCESSOR: as /sys wants it, hexadecimal, a comma after 32 bits.
mask() {
  local words='' word
  for ((word = 0; word < $1 / 32; word++)); do words+=,00000000; done
  printf '%x%s' $((1 << ($1 % 32))) "$words"
}
# The frames that come to INTERFACE are taken by PROCESSOR.
steer() { printf 'mask=%s && for queue in /sys/class/net/%s/queues/rx-*; do echo $mask >$queue/rps_cpus; done' "$(mask "$2")" "$1"; }

ip link set lo up
in_client ip link set lo up
for wire in 0 1; do
  ip link add "server$wire" type veth peer name "client$wire" netns "$holder"
  ip link set "server$wire" up
  in_client ip link set "client$wire" up
  sh -c "$(steer "server$wire" "$server_cpu")"
  in_client sh -c "$(steer "client$wire" "$client_cpu")"
done
ip addr add 10.76.0.2/24 dev server0
in_client ip addr add 10.76.0.1/24 dev client0
in_client ip addr add 10.77.0.1/24 dev client1
# A connection a request takes ports faster than a minute gives them back.
in_client sh -c 'echo 1024 65535 >/proc/sys/net/ipv4/ip_local_port_range'

# --- the servers -----------------------------------------------------------------------------------------------------------------------------

mkdir "$work/site"
head -c 1024 /dev/urandom >"$work/site/1KiB.bin"
head -c 102400 /dev/urandom >"$work/site/100KiB.bin"

authority() {
  case $1 in
  nginx) echo 10.76.0.2 ;;
  nginx+log) echo 10.76.0.2:81 ;;
  packet*) echo 10.77.0.2 ;;
  tap) echo 10.78.0.2 ;;
  esac
}
on_server_cpu=(setpriv --pdeathsig TERM taskset --cpu-list "$server_cpu")
# start SERVER: returns when it answers. Its process is $server; $worker is the one whose time counts.
start() {
  local name=$1 serve=("$periplus" serve "$work/site" --config "$bench/network/periplus.toml")
  case $name in
  nginx*) serve=(nginx -e "$work/nginx-error.talk" -p "$work/" -c "$bench/network/nginx.conf") ;;
  packet) serve+=(--nic packet:server1) ;;
  packet+journeys) serve+=(--nic packet:server1 --quiet --journeys "$work/journeys.jsonl") ;;
  tap) serve=("${enter[@]}" "${serve[@]}" --nic tap:tap --address 10.78.0.2/24) ;;
  esac
  "${on_server_cpu[@]}" "${serve[@]}" >"$work/server.talk" 2>&1 &
  server=$!
  started+=("$server")
  until in_client curl -s --max-time 1 -o /dev/null "http://$(authority "$name")/1KiB.bin"; do
    kill -0 "$server" 2>/dev/null || fail "$name did not start"
    sleep 0.05
  done
  worker=$server
  case $name in
  nginx*) worker=$(pgrep --parent "$server") ;;
  tap) in_client sh -c "$(steer tap "$client_cpu")" ;;
  esac
}
stop() {
  local status=0
  kill -TERM "$server"
  wait "$server" || status=$?
  unset 'started[-1]'
  [ "$status" = 0 ] || fail "$1 ended with $status"
  rm -f "$work/journeys.jsonl" "$work/access.log"
}

# what wrk asks for, in this work
file_of() { echo "${1%-close}.bin"; }
close_of() { [ "${1%-close}" = "$1" ] || echo 'Connection: close'; }

# --- equal answers ---------------------------------------------------------------------------------------------------------------------------

: >"$work/heads"
for server_name in "${servers[@]}"; do
  start "$server_name"
  for name in "${works[@]}"; do
    file=$(file_of "$name")
    header=$(close_of "$name")
    in_client curl -sS --max-time 60 ${header:+-H "$header"} -D "$work/head" -o "$work/body" "http://$(authority "$server_name")/$file"
    cmp -s "$work/body" "$work/site/$file" || fail "$server_name: $file is not as on disk"
    printf '%s %s %s\n' "$name" "$server_name" "$(wc -c <"$work/head")" >>"$work/heads"
    cp "$work/head" "$work/head-$name-$server_name"
  done
  stop "$server_name"
done
for name in "${works[@]}"; do
  read -r shortest longest < <(awk -v name="$name" '$1 == name { print $3 }' "$work/heads" | sort -n | sed -n '1h;${H;x;s/\n/ /;p}')
  if [ $((longest - shortest)) -gt 10 ]; then
    for server_name in "${servers[@]}"; do printf -- '-- %s\n%s\n' "$server_name" "$(cat "$work/head-$name-$server_name")" >&2; done
    fail "$name: header sections of $shortest to $longest bytes; more than 10 apart is not the same work"
  fi
done

# --- the figures -----------------------------------------------------------------------------------------------------------------------------

ticks_a_second=$(getconf CLK_TCK)
# What a process and its threads have had of processors, in ticks: the 14th and 15th of proc_pid_stat(5), after a name that may hold anything.
process_ticks() { sed 's/.*) //' "/proc/$1/stat" | awk '{ print $12 + $13 }'; }
# What a processor was idle, and what the machine below took of it, in ticks (proc_stat(5)). Idle time is measured, where busy time is sampled.
idle_ticks() { awk -v cpu="cpu$1" '$1 == cpu { print $5 + $6 }' /proc/stat; }
stolen_ticks() { awk -v cpu="cpu$1" '$1 == cpu { print $9 }' /proc/stat; }
now() { local uptime rest && read -r uptime rest </proc/uptime && echo "$uptime"; }
snapshot() { echo "$(now) $(process_ticks "$worker") $(idle_ticks "$server_cpu") $(idle_ticks "$client_cpu") $(stolen_ticks "$server_cpu")"; }

wrk_for() { # wrk_for SECONDS WORK SERVER
  local header
  header=$(close_of "$2")
  in_client taskset --cpu-list "$client_cpu" wrk -t 1 -c "$connections" -d "$1" --timeout 60 ${header:+-H "$header"} "http://$(authority "$3")/$(file_of "$2")"
}

# figure ROUND WORK SERVER: a line for it in $work/figures.
figure() {
  local before after said
  start "$3"
  wrk_for 1 "$2" "$3" >/dev/null
  before=$(snapshot)
  said=$(wrk_for "$seconds" "$2" "$3")
  after=$(snapshot)
  stop "$3"
  ! grep -qE 'Socket errors|Non-2xx' <<<"$said" || fail "$2, $3: wrk: $said"
  awk -v work="$2" -v server="$3" -v round="$1" -v tick="$ticks_a_second" -v before="$before" -v after="$after" '
    /requests in/ { requests = $1 }
    /^Requests\/sec:/ { rate = $2 }
    END {
      split(before, was); split(after, is)
      for (i in was) spent[i] = is[i] - was[i]
      each = 1e6 / tick / requests
      time = spent[1] * tick
      busy = time - spent[3] - spent[5]
      printf "%s %s %d %.1f %.3f %.3f %.1f %.1f %.1f\n", work, server, round, rate, spent[2] * each, busy * each,
        100 * busy / time, 100 * (1 - spent[4] / time), 100 * spent[5] / time
    }' <<<"$said" >>"$work/figures"
  say "round $1, $2, $3: $(tail -n 1 "$work/figures" | awk '{ print $4 " requests/s, " $5 " µs of the process and " $6 " µs of its processor each" }')"
}

load_before=$(cut -d ' ' -f 1-3 /proc/loadavg)
for round in $(seq 1 "$rounds"); do
  for name in "${works[@]}"; do
    for server_name in "${servers[@]}"; do figure "$round" "$name" "$server_name"; done
  done
done
load_after=$(cut -d ' ' -f 1-3 /proc/loadavg)

# median WORK SERVER COLUMN, and how far the furthest round is off it, in percent
median() {
  awk -v work="$1" -v server="$2" -v column="$3" '$1 == work && $2 == server { print $column }' "$work/figures" | sort -g |
    awk '{ value[NR] = $1 } END { m = value[int((NR + 1) / 2)]; off = 0; if (m > 0) { a = value[NR] / m - 1; b = 1 - value[1] / m; off = 100 * (a > b ? a : b) } print m, off }'
}
device_of() { case $1 in tap) echo TAP ;; packet*) echo 'veth, AF_PACKET' ;; *) echo 'veth, kernel' ;; esac; }
features() { "${@:2}" ethtool -k "$1" | sed -n -E 's/^(tx-checksumming|tcp-segmentation-offload|generic-receive-offload): (on|off).*/\1 \2/p' | paste -s -d , | sed 's/,/, /g'; }

if [ -n "$json" ]; then
  for name in "${works[@]}"; do
    for server_name in "${servers[@]}"; do
      read -r rate off < <(median "$name" "$server_name" 4)
      read -r process _ < <(median "$name" "$server_name" 5)
      read -r processor _ < <(median "$name" "$server_name" 6)
      read -r busy _ < <(median "$name" "$server_name" 7)
      read -r client _ < <(median "$name" "$server_name" 8)
      printf '{"work":"%s","server":"%s","device":"%s","requests_per_second":%s,"off_percent":%.1f,"process_us":%s,"processor_us":%s,"processor_busy_percent":%s,"client_busy_percent":%s}\n' \
        "$name" "$server_name" "$(device_of "$server_name")" "$rate" "$off" "$process" "$processor" "$busy" "$client"
    done
  done
  exit
fi

# The first server of the round is what the others are held against.
echo "$(sed -n 's/^model name[[:space:]]*: //p' /proc/cpuinfo | head -n 1), $(nproc --all) logical processors; $(uname -sr); $(nginx -v 2>&1 | sed 's/.*: //'); $(wrk -v 2>&1 | sed -n '1s/ Copy.*//p')"
echo "load $load_before before, $load_after after; $rounds rounds of $seconds s, $connections connections; wrk on processor $client_cpu, the server on $server_cpu"
echo "veth: MTU $(cat /sys/class/net/server1/mtu), $(features server1); the kernel's congestion control $(cat /proc/sys/net/ipv4/tcp_congestion_control)"
stolen=$(sort -g -k 9 "$work/figures" | tail -n 1 | cut -d ' ' -f 9)
echo "taken from the server's processor by the machine below: $stolen % of a round at most"
echo
printf '%-12s%-17s%-17s%8s%12s%7s%14s%16s%10s%10s\n' work server device header requests/s ± 'process, µs' 'processor, µs' 'its load' "wrk's"
for name in "${works[@]}"; do
  for server_name in "${servers[@]}"; do
    read -r rate off < <(median "$name" "$server_name" 4)
    read -r process _ < <(median "$name" "$server_name" 5)
    read -r processor _ < <(median "$name" "$server_name" 6)
    read -r busy _ < <(median "$name" "$server_name" 7)
    read -r client _ < <(median "$name" "$server_name" 8)
    head=$(awk -v name="$name" -v server="$server_name" '$1 == name && $2 == server { print $3 }' "$work/heads")
    printf '%-12s%-17s%-17s%6s B%12.0f%5.0f %%%14.1f%16.1f%8.0f %%%8.0f %%\n' \
      "$name" "$server_name" "$(device_of "$server_name")" "$head" "$rate" "$off" "$process" "$processor" "$busy" "$client"
  done
done
echo
echo 'Medians; ±: the round furthest from its median. process: user and system time of periplus, or of nginx'"'"'s worker, a request. processor: all that the'
echo "server's processor did meanwhile, a request: the kernel's share of receiving as well, and whatever else runs there. Both by the kernel's own account."
