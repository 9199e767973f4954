//go:build !linux

package main

import "github.com/godtrace/godtrace/export/etl"

// liveState has nothing to tell: there is no live host here.
func liveState(*etl.Config) {}
