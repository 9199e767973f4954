package godtrace

import (
	"github.com/godtrace/godtrace/consume"
	"github.com/godtrace/godtrace/ir"
)

// Handler is a sink made of functions, for Go programs that want typed events
// rather than text. Nil functions are not called.
type Handler struct {
	// Event is called for each action of an event, with its values as Go values
	// (see Values). The event is valid only during the call.
	Event func(e *consume.Event, a *ir.Action, values []any) error
	// Printa is called for each printa(), once for each aggregation it names.
	Printa func(e *consume.Event, a *Aggregation) error
	// Fault is called for each run-time error, Losses when data was lost.
	Fault  func(f *consume.Fault) error
	Losses func(l []consume.Loss) error
}

// Sink returns h as a consume.Sink.
func (h Handler) Sink() consume.Sink { return handlerSink{h} }

type handlerSink struct{ h Handler }

func (s handlerSink) Begin(*consume.Event) error { return nil }
func (s handlerSink) End(*consume.Event) error   { return nil }
func (s handlerSink) Flush() error               { return nil }

func (s handlerSink) Action(e *consume.Event, _ int, a *ir.Action, aggs consume.Aggregations) error {
	if a.Kind == ir.ActPrinta && s.h.Printa != nil {
		snap, err := aggs.Snapshot(a.Aggs...)
		if err != nil {
			return err
		}
		for i := range snap.Aggs {
			if err := s.h.Printa(e, NewAggregation(snap, i)); err != nil {
				return err
			}
		}
		return nil
	}
	if s.h.Event == nil {
		return nil
	}
	return s.h.Event(e, a, Values(e, a))
}

func (s handlerSink) Aggregations([]ir.AggID, consume.Aggregations) error { return nil }

func (s handlerSink) Fault(f *consume.Fault) error {
	if s.h.Fault == nil {
		return nil
	}
	return s.h.Fault(f)
}

func (s handlerSink) Losses(l []consume.Loss) error {
	if s.h.Losses == nil {
		return nil
	}
	return s.h.Losses(l)
}
