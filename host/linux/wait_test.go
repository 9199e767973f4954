//go:build linux

package linux

import (
	"context"
	"os"
	"sync"
	"testing"
)

// A context that ends while its waiter is closed neither races nor writes to
// the file that got the descriptor's number next.
func TestWaiterCloseWhileCancelled(t *testing.T) {
	for range 200 {
		w, err := newWaiter(nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(context.Background())
		var ended sync.WaitGroup
		ended.Go(cancel)
		if err := w.wait(ctx); err != context.Canceled {
			t.Fatalf("wait: %v, want %v", err, context.Canceled)
		}
		w.close()
		r, p, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		w.wake()
		ended.Wait()
		p.Close()
		if n, _ := r.Read(make([]byte, 8)); n > 0 {
			t.Fatalf("%d bytes written to another file", n)
		}
		r.Close()
	}
}

func TestWaiterWake(t *testing.T) {
	w, err := newWaiter(nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer w.close()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := w.wait(ctx); err != context.Canceled {
		t.Errorf("wait with an ended context: %v, want %v", err, context.Canceled)
	}
}
