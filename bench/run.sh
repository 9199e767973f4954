#!/bin/sh
# make bench: Go benchmarks once each, then whole-process comparisons.
set -eu
go test -run '^$' -bench . -benchtime 0.3s ./agg ./printf ./syntax ./vm ./engine ./consume ./export/... ./format/... ./host/etl 2>&1 | grep -E '^(Benchmark|ok|FAIL|pkg)'
go run ./bench/replay -dtrace "$1"
if [ "$(uname -s)" = Linux ] && [ "$(id -u)" = 0 ]; then
	go run ./bench/compare -dtrace "$1"
else
	echo 'bench: the comparisons on the live kernel need Linux and root; left out'
fi
