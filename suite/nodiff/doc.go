// Package nodiff holds the two back ends against each other: it generates
// well-typed D programs, runs each on the portable engine and as eBPF in the
// live kernel, and compares all that they leave: output, messages, faults,
// aggregations, drops and the exit status. A program that differs is shrunk to
// the least that still does.
//
// Programs use BEGIN, END and ERROR only and nothing that depends on time,
// process or machine, so that both sides must agree to the byte.
//
// The tests need root and a kernel with BPF, and skip without. A failing
// program's seed is in the test's message:
//
//	go test ./suite/nodiff -run Generated -seed 4711 -programs 1
//	go test ./suite/nodiff -run Generated -programs 20000
//	go test ./suite/nodiff -run - -fuzz NoDiff -fuzzminimizetime 1x
//
// Cases for what differed once are in ../testdata, from which TestMutated starts.
package nodiff
