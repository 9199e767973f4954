#!/bin/sh
# make demo: one-liners against the running kernel, tracing only processes that
# the demo starts. Without root it runs on the process itself (--host local).
set -eu
dtrace=${1:-bin/dtrace}

show() {
	echo
	printf '# dtrace'
	for a in "$@"; do
		case $a in
		*[!A-Za-z0-9_/.=:-]*) printf " '%s'" "$a" ;;
		*) printf ' %s' "$a" ;;
		esac
	done
	echo
	"$dtrace" "$@"
}

if [ "$(uname -s)" != Linux ] || [ "$(id -u)" != 0 ]; then
	echo 'demo: not root on Linux, so the live kernel is out of reach; this is the portable engine'
	show --host local -n 'BEGIN { printf("hello from pid %d\n", pid); } tick-100ms { @["ticks"] = count(); } tick-1s { exit(0); }'
	exit 0
fi

echo '== Which system calls does a command make?'
show -c 'ls -l /usr/share' -o /dev/stderr -q -n 'syscall:::entry /pid == $target/ { @[probefunc] = count(); }' >/dev/null

echo '== Which files does it open?'
show -q -c 'cat /etc/hostname' -n 'syscall::openat:entry /pid == $target/ { printf("%s opens %s\n", execname, copyinstr(arg1)); }'

echo '== How long do its reads take, in nanoseconds?'
show -q -c 'dd if=/dev/zero of=/dev/null bs=512 count=2000 status=none' \
	-n 'syscall::read:entry /pid == $target/ { self->ts = timestamp; } syscall::read:return /self->ts/ { @["ns"] = quantize(timestamp - self->ts); self->ts = 0; }'

echo '== Which kernel tracepoints fire in half a second?'
show -q -n 'sdt:sched:: { @[probename] = count(); } tick-500ms { exit(0); }'

echo '== What can be traced here?'
"$dtrace" -l | awk 'NR > 1 { n[$2]++ } END { for (p in n) printf "%8d probes of provider %s\n", n[p], p }' | sort -rn
"$dtrace" doctor
