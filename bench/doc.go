// Package bench holds the performance comparisons: bench/compare runs them,
// make bench starts all.
package bench
