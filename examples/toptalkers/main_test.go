package main

import (
	"os"
	"runtime"
	"testing"
)

func TestRun(t *testing.T) {
	if runtime.GOOS != "linux" || os.Getuid() != 0 {
		t.Skip("the example traces the live Linux kernel, which needs root")
	}
	if err := run(); err != nil {
		t.Fatal(err)
	}
}
