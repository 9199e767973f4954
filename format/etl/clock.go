package etl

import (
	"math/bits"
	"time"
)

// The clocks of a trace (LOGFILE_HEADER.ReservedFlags).
const (
	ClockQPC    = 1 // the performance counter, PerfFreq ticks a second
	ClockSystem = 2 // FILETIME
	ClockCycles = 3 // processor cycles, CPUMHz million a second
)

// Clock turns the time stamps of a trace into FILETIMEs.
type Clock struct {
	// Type is ClockQPC, ClockSystem or ClockCycles; others are taken as FILETIME.
	Type uint32
	// Base is the time stamp that stands for Start.
	Base int64
	// Start is a FILETIME.
	Start int64
	// Freq is ticks a second.
	Freq uint64
}

// FileTime returns the FILETIME (100 ns units since 1601-01-01 UTC) of a time
// stamp, rounded down.
func (c *Clock) FileTime(ts int64) int64 {
	if c.Type != ClockQPC && c.Type != ClockCycles || c.Freq == 0 {
		return ts
	}
	d := ts - c.Base
	if c.Freq == 10_000_000 {
		return c.Start + d
	}
	if d < 0 {
		// Rounding down, so away from zero.
		return c.Start - int64(scale(uint64(-d), 10_000_000, c.Freq, c.Freq-1))
	}
	return c.Start + int64(scale(uint64(d), 10_000_000, c.Freq, 0))
}

// Ticks returns the time stamp of a FILETIME, rounded down: what FileTime
// reverses.
func (c *Clock) Ticks(ft int64) int64 {
	if c.Type != ClockQPC && c.Type != ClockCycles || c.Freq == 0 {
		return ft
	}
	d := ft - c.Start
	if d < 0 {
		return c.Base - int64(scale(uint64(-d), c.Freq, 10_000_000, 10_000_000-1))
	}
	return c.Base + int64(scale(uint64(d), c.Freq, 10_000_000, 0))
}

// Nanoseconds returns how long a number of ticks takes.
func (c *Clock) Nanoseconds(ticks int64) int64 {
	if c.Type != ClockQPC && c.Type != ClockCycles || c.Freq == 0 {
		return ticks * 100
	}
	if ticks < 0 {
		return -int64(scale(uint64(-ticks), 1_000_000_000, c.Freq, 0))
	}
	return int64(scale(uint64(ticks), 1_000_000_000, c.Freq, 0))
}

// scale returns (v*mul+add)/div; what does not fit 64 bits is all ones.
func scale(v, mul, div, add uint64) uint64 {
	hi, lo := bits.Mul64(v, mul)
	lo, carry := bits.Add64(lo, add, 0)
	hi += carry
	if hi >= div {
		return 1<<63 - 1
	}
	q, _ := bits.Div64(hi, lo, div)
	return q
}

// fileTimeEpoch is 1970-01-01 as a FILETIME.
const fileTimeEpoch = 116_444_736_000_000_000

// FileTimeToTime turns a FILETIME into a time in UTC.
func FileTimeToTime(ft int64) time.Time {
	d := ft - fileTimeEpoch
	return time.Unix(d/10_000_000, d%10_000_000*100).UTC()
}

// TimeToFileTime turns a time into a FILETIME, rounded down.
func TimeToFileTime(t time.Time) int64 {
	return t.Unix()*10_000_000 + int64(t.Nanosecond()/100) + fileTimeEpoch
}
