package nt

import (
	"context"
	"errors"
	"testing"

	"github.com/godtrace/godtrace/check"
	"github.com/godtrace/godtrace/compile"
	"github.com/godtrace/godtrace/host"
	"github.com/godtrace/godtrace/ir"
	"github.com/godtrace/godtrace/probe"
	"github.com/godtrace/godtrace/syntax"
)

// open opens the model for the text of a workload.
func open(t testing.TB, text string) *Host {
	t.Helper()
	w, err := ParseWorkload("test.nt", text)
	if err != nil {
		t.Fatal(err)
	}
	h, err := NewWorkload(w)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.Close() })
	return h
}

func countProbes(t testing.TB, h *Host, desc string) int {
	t.Helper()
	d, ok := probe.ParseDesc(desc, probe.PartName)
	if !ok {
		t.Fatalf("description %q", desc)
	}
	n := 0
	if err := h.Probes(d, func(*probe.Probe) bool { n++; return true }); err != nil {
		t.Fatal(err)
	}
	return n
}

// trace runs a D program on h to its end and returns the number of records.
func trace(t testing.TB, h *Host, d string) (records int, err error) {
	t.Helper()
	tree, err := syntax.Parse(&syntax.Config{CommandLine: true, TypeName: func(n string) bool { x, _ := h.Type("", n); return x != nil }}, d)
	if err != nil {
		return 0, err
	}
	info, err := check.New(h, check.Options{StrSize: 256, StackFrames: 20, UStackFrames: 20}).Check(tree)
	if err != nil {
		return 0, err
	}
	prog, err := compile.Compile([]*check.Info{info}, compile.Options{LoopMax: 1000})
	if err != nil {
		return 0, err
	}
	if err := ir.Verify(prog); err != nil {
		return 0, err
	}
	s, err := h.Open(prog, host.Options{CPU: -1, Destructive: true})
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	if err := s.Start(context.Background()); err != nil {
		return 0, err
	}
	drain := func() error {
		return s.Drain(func(int, []byte) error { records++; return nil })
	}
	for {
		if err := drain(); err != nil {
			return records, err
		}
		if _, done := s.Exited(); done {
			break
		}
		if err := s.Wait(context.Background()); err != nil {
			return records, err
		}
	}
	return records, errors.Join(s.Stop(), drain())
}
