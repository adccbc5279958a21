#!/usr/bin/env python3
"""Sets knobs that scripts name by their files: set_sysctls.py /proc/sys/net/ipv4/tcp_sack=0 …

They go to the stack under test, by bin/sysctl. The scripts end by running /tmp/sysctl_restore_PID.sh, which is to set
everything back: here there is nothing to set back, since every script has a stack of its own.
"""
import os
import subprocess
import sys

PREFIX = "/proc/sys/"

for setting in sys.argv[1:]:
    path, _, value = setting.partition("=")
    key = path.removeprefix(PREFIX).replace("/", ".")
    subprocess.run(["sysctl", "-q", f"{key}={value}"], check=True)

restore = f"/tmp/sysctl_restore_{os.environ['PACKETDRILL_PID']}.sh"
with open(restore, "w", encoding="ascii") as script:
    script.write('#!/bin/sh\nrm -f "$0"\n')
os.chmod(restore, 0o755)
