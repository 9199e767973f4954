package agg

import (
	"fmt"
	"math"
	"math/bits"
)

// SpecError says which constant argument of an aggregating function is not
// acceptable. Tag is the D error tag (D_LQUANT_..., D_LLQUANT_...), Arg the
// position of the argument at fault after the aggregated expression, counting
// from 1 as DTrace does.
type SpecError struct {
	Tag string
	Arg int
	Msg string
}

func (e *SpecError) Error() string { return e.Msg }

func specErr(f Func, tag string, arg int, format string, args ...any) error {
	return &SpecError{Tag: tag, Arg: arg, Msg: fmt.Sprintf("%s( ) argument #%d: ", f, arg) + fmt.Sprintf(format, args...)}
}

// Validate reports whether the arguments of s are within DTrace's limits. The
// error is a *SpecError.
func (s *Spec) Validate() error {
	switch s.Func {
	case Count, Sum, Avg, Min, Max, Stddev, Quantize:
		return nil
	case LQuantize:
		return s.validateLinear()
	case LLQuantize:
		return s.validateLogLinear()
	}
	return &SpecError{Tag: "D_AGG_FUNC", Msg: fmt.Sprintf("aggregating function number %d is unknown", s.Func)}
}

func (s *Spec) validateLinear() error {
	const f = LQuantize
	if err := s.ValidateRange(); err != nil {
		return err
	}
	switch {
	case s.Step < 1:
		return specErr(f, "D_LQUANT_STEPTYPE", 3, "step is %d, want a positive integer constant", s.Step)
	case s.Step > math.MaxUint16:
		return specErr(f, "D_LQUANT_STEPVAL", 3, "step is %d, want at most %d", s.Step, math.MaxUint16)
	}
	switch n := s.levels(); {
	case n == 0:
		return specErr(f, "D_LQUANT_STEPLARGE", 3, "step %d is greater than the range %d..%d", s.Step, s.Low, s.High)
	case n > math.MaxUint16:
		return specErr(f, "D_LQUANT_STEPSMALL", 3, "step %d makes %d levels, at most %d are allowed", s.Step, n, math.MaxUint16)
	}
	return nil
}

// ValidateRange checks Low and High of an LQuantize, whatever its Step.
func (s *Spec) ValidateRange() error {
	const f = LQuantize
	switch {
	case s.Low != int64(int32(s.Low)):
		return specErr(f, "D_LQUANT_BASEVAL", 1, "base is %d, want a 32-bit integer", s.Low)
	case s.High != int64(int32(s.High)):
		return specErr(f, "D_LQUANT_LIMVAL", 2, "limit is %d, want a 32-bit integer", s.High)
	case s.High <= s.Low:
		return specErr(f, "D_LQUANT_MISMATCH", 2, "limit %d is not greater than the base, argument #1, %d", s.High, s.Low)
	}
	return nil
}

func (s *Spec) validateLogLinear() error {
	const f = LLQuantize
	inRange := func(v, least int64) bool { return v >= least && v <= math.MaxUint16 }
	switch {
	case !inRange(s.Factor, 2):
		return specErr(f, "D_LLQUANT_FACTORVAL", 1, "factor is %d, want 2 to %d", s.Factor, math.MaxUint16)
	case !inRange(s.LowMag, 0):
		return specErr(f, "D_LLQUANT_LMAGVAL", 2, "low magnitude is %d, want 0 to %d", s.LowMag, math.MaxUint16)
	case !inRange(s.HighMag, 0):
		return specErr(f, "D_LLQUANT_HMAGVAL", 3, "high magnitude is %d, want 0 to %d", s.HighMag, math.MaxUint16)
	case s.HighMag < s.LowMag:
		return specErr(f, "D_LLQUANT_HMAGVAL", 3, "high magnitude %d is less than the low one, argument #2, %d", s.HighMag, s.LowMag)
	}
	top := uint64(1)
	for m := int64(0); m <= s.HighMag; m++ {
		hi, lo := bits.Mul64(top, uint64(s.Factor))
		if hi != 0 {
			return specErr(f, "D_LLQUANT_HMAGVAL", 3, "high magnitude is %d, but %d to the power of %d exceeds 64 bits", s.HighMag, s.Factor, m+1)
		}
		top = lo
	}
	const tag = "D_LLQUANT_STEPVAL"
	switch {
	case s.Steps < 1:
		return specErr(f, "D_LLQUANT_STEPTYPE", 4, "steps is %d, want a positive integer constant", s.Steps)
	case !inRange(s.Steps, 1):
		return specErr(f, tag, 4, "steps is %d, want 1 to %d", s.Steps, math.MaxUint16)
	case s.Steps < s.Factor && s.Factor%s.Steps != 0:
		return specErr(f, tag, 4, "steps %d is less than the factor %d and does not divide it", s.Steps, s.Factor)
	case s.Steps > s.Factor && s.Steps%s.Factor != 0:
		return specErr(f, tag, 4, "steps %d is greater than the factor %d and not a multiple of it", s.Steps, s.Factor)
	case s.Steps > s.Factor:
		// The first magnitude that is cut into steps buckets must divide evenly:
		// magnitude 1 if the range starts at 1 (magnitude 0 is then counted in
		// ones), else the lowest one.
		first := max(s.LowMag, 1)
		if p := power(uint64(s.Factor), first+1); s.HighMag >= first && p%uint64(s.Steps) != 0 ||
			s.LowMag == 0 && s.Factor*s.Factor%s.Steps != 0 {
			return specErr(f, tag, 4, "steps %d does not divide %d to the power of %d", s.Steps, s.Factor, first+1)
		}
	}
	return nil
}

// Match compares s with the spec an earlier use of the same aggregation
// established. A difference in the constant arguments is returned as a
// *SpecError with a D_LQUANT_MATCH... or D_LLQUANT_MATCH... tag. Both must be
// valid and have the same Func.
func (s *Spec) Match(earlier *Spec) error {
	differ := func(tag string, arg int, what string, want, found int64) error {
		if want == found {
			return nil
		}
		return specErr(s.Func, tag, arg, "%s is %d, but an earlier use of this aggregation has %d", what, found, want)
	}
	first := func(errs ...error) error {
		for _, err := range errs {
			if err != nil {
				return err
			}
		}
		return nil
	}
	switch s.Func {
	case LQuantize:
		return first(
			differ("D_LQUANT_MATCHBASE", 1, "base", earlier.Low, s.Low),
			differ("D_LQUANT_MATCHLIM", 2, "limit", earlier.Low+earlier.levels()*earlier.Step, s.Low+s.levels()*s.Step),
			differ("D_LQUANT_MATCHSTEP", 3, "step", earlier.Step, s.Step))
	case LLQuantize:
		return first(
			differ("D_LLQUANT_MATCHFACTOR", 1, "factor", earlier.Factor, s.Factor),
			differ("D_LLQUANT_MATCHLMAG", 2, "low magnitude", earlier.LowMag, s.LowMag),
			differ("D_LLQUANT_MATCHHMAG", 3, "high magnitude", earlier.HighMag, s.HighMag),
			differ("D_LLQUANT_MATCHSTEPS", 4, "number of steps", earlier.Steps, s.Steps))
	}
	return nil
}
