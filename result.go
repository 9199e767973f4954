package godtrace

import (
	"fmt"

	"github.com/godtrace/godtrace/agg"
	"github.com/godtrace/godtrace/consume"
	"github.com/godtrace/godtrace/ir"
)

// Result is what a run left: its exit status, the last state of every
// aggregation, and all that was lost.
type Result struct {
	// Status is the program's exit status.
	Status int
	// Events is the number of records delivered.
	Events uint64
	// Dropped lists every loss that was reported, Errors every run-time error.
	Dropped []consume.Loss
	// Warnings are actions that could not be done, such as setopt() with a value
	// that the option does not take.
	Warnings []string
	Errors   []consume.Fault

	sink consume.Sink
	aggs map[string]*Aggregation
}

// Aggregation is a snapshot of one aggregation.
type Aggregation struct {
	// Name is without the @; "_" for the unnamed one.
	Name string
	// Func is the aggregating function.
	Func agg.Func
	Spec agg.Spec
	// Normal is the normalization factor, at least 1.
	Normal uint64
	Rows   []AggRow
}

// AggRow is one tuple of an aggregation.
type AggRow struct {
	// Keys are the parts of the tuple as Go values: int64 or uint64 for
	// integers and pointers, string for text, []byte for the rest.
	Keys []any
	// Value is the value that DTrace prints for count, sum, avg, min, max and
	// stddev; the number of updates for distributions.
	Value int64
	// Buckets are the buckets of a distribution that are not zero.
	Buckets []Bucket
}

// Bucket is one bucket of a distribution: values from Low to High, both
// included.
type Bucket struct {
	Low, High, Count int64
}

// Aggregation returns the last state of an aggregation that the program did not
// print itself with printa(). name is without the @; "" is the unnamed one.
func (r *Result) Aggregation(name string) (*Aggregation, error) {
	if name == "" {
		name = "_"
	}
	a, ok := r.aggs[name]
	if !ok {
		return nil, fmt.Errorf("no aggregation @%s was left at the end", name)
	}
	return a, nil
}

// Values returns the fields of action i of an event as Go values, as in
// AggRow.Keys.
func Values(e *consume.Event, a *ir.Action) []any {
	out := make([]any, len(a.Fields))
	for i := range a.Fields {
		f := &a.Fields[i]
		switch f.Kind {
		case ir.FInt:
			if f.Signed {
				out[i] = e.Int(f)
			} else {
				out[i] = uint64(e.Int(f))
			}
		case ir.FPtr:
			out[i] = uint64(e.Int(f))
		case ir.FString, ir.FProbeProv, ir.FProbeMod, ir.FProbeFunc, ir.FProbeName:
			out[i] = e.Text(f)
		default:
			out[i] = append([]byte(nil), e.Bytes(f)...)
		}
	}
	return out
}

// NewAggregation turns aggregation i of a snapshot into plain Go values.
func NewAggregation(s *consume.Snapshot, i int) *Aggregation {
	a := s.Aggs[i]
	out := &Aggregation{Name: a.Name, Func: a.Spec.Func, Spec: a.Spec, Normal: s.Normal[i]}
	for r := range s.Rows {
		row := &s.Rows[r]
		words := row.Values[i]
		if words == nil {
			continue
		}
		o := AggRow{}
		for k := range row.Keys {
			o.Keys = append(o.Keys, keyValue(&row.Keys[k]))
		}
		switch {
		case a.Spec.Func.Distribution():
			o.Value = int64(words[0])
			for b, n := range words[1:a.Spec.Words()] {
				if n != 0 {
					lo, hi := agg.Bounds(&a.Spec, b)
					o.Buckets = append(o.Buckets, Bucket{lo, hi, int64(n)})
				}
			}
		case !agg.Empty(words):
			o.Value = agg.Result(&a.Spec, words, s.Normal[i])
		}
		out.Rows = append(out.Rows, o)
	}
	return out
}

func keyValue(k *consume.Key) any {
	switch k.Field.Kind {
	case ir.FInt:
		if k.Field.Signed {
			return k.Int
		}
		return uint64(k.Int)
	case ir.FPtr, ir.FSym, ir.FMod:
		return uint64(k.Int)
	case ir.FString, ir.FProbeProv, ir.FProbeMod, ir.FProbeFunc, ir.FProbeName:
		return k.Text
	}
	return k.Bytes
}

// Begin, Action, End, Aggregations, Fault, Losses and Flush implement
// consume.Sink: a Result stands before the caller's sink and keeps what it
// reports at the end.

// Begin implements consume.Sink.
func (r *Result) Begin(e *consume.Event) error {
	r.Events++
	if r.sink == nil {
		return nil
	}
	return r.sink.Begin(e)
}

// Action implements consume.Sink.
func (r *Result) Action(e *consume.Event, i int, a *ir.Action, aggs consume.Aggregations) error {
	if r.sink == nil {
		return nil
	}
	return r.sink.Action(e, i, a, aggs)
}

// End implements consume.Sink.
func (r *Result) End(e *consume.Event) error {
	if r.sink == nil {
		return nil
	}
	return r.sink.End(e)
}

// Aggregations implements consume.Sink.
func (r *Result) Aggregations(ids []ir.AggID, aggs consume.Aggregations) error {
	r.aggs = map[string]*Aggregation{}
	for _, id := range ids {
		s, err := aggs.Snapshot(id)
		if err != nil {
			return err
		}
		a := NewAggregation(s, 0)
		r.aggs[a.Name] = a
	}
	if r.sink == nil {
		return nil
	}
	return r.sink.Aggregations(ids, aggs)
}

// Fault implements consume.Sink.
func (r *Result) Fault(f *consume.Fault) error {
	r.Errors = append(r.Errors, *f)
	if r.sink == nil {
		return nil
	}
	return r.sink.Fault(f)
}

// Warn implements consume.Warner.
func (r *Result) Warn(e *consume.Event, msg string) error {
	r.Warnings = append(r.Warnings, msg)
	if w, ok := r.sink.(consume.Warner); ok {
		return w.Warn(e, msg)
	}
	return nil
}

// Losses implements consume.Sink.
func (r *Result) Losses(l []consume.Loss) error {
	r.Dropped = append(r.Dropped, l...)
	if r.sink == nil {
		return nil
	}
	return r.sink.Losses(l)
}

// Flush implements consume.Sink.
func (r *Result) Flush() error {
	if r.sink == nil {
		return nil
	}
	return r.sink.Flush()
}
