// Command toptalkers shows how a Go program embeds D: it counts the system
// calls of every process for a second and prints the five busiest, and reports
// slow reads as typed events while it runs.
package main

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/godtrace/godtrace"
	"github.com/godtrace/godtrace/consume"
	"github.com/godtrace/godtrace/ir"
)

const program = `
syscall:::entry { @calls[execname, pid] = count(); }

syscall::read:entry { self->start = timestamp; }
syscall::read:return
/self->start && timestamp - self->start > 100 * 1000 * 1000/
{
	printf("%s %d", execname, timestamp - self->start);
}
syscall::read:return { self->start = 0; }
`

func main() {
	if err := run(); err != nil {
		log.Fatal(err)
	}
}

func run() error {
	t, err := godtrace.Open(godtrace.Config{})
	if err != nil {
		return err
	}
	defer t.Close()
	if err := t.Add(godtrace.Text(program)); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	res, err := t.Run(ctx, godtrace.Handler{
		Event: func(e *consume.Event, a *ir.Action, v []any) error {
			fmt.Printf("slow read: %s took %v\n", v[0], time.Duration(v[1].(uint64)))
			return nil
		},
	}.Sink())
	if err != nil {
		return err
	}
	calls, err := res.Aggregation("calls")
	if err != nil {
		return err
	}
	// Rows come sorted by value, smallest first, as DTrace prints them.
	for i := len(calls.Rows) - 1; i >= 0 && i >= len(calls.Rows)-5; i-- {
		r := calls.Rows[i]
		fmt.Printf("%-16s %6d %8d\n", r.Keys[0], r.Keys[1], r.Value)
	}
	return nil
}
