//go:build linux

package linux

import (
	"strings"
	"testing"
)

// TestRefusedBecause holds that the end of a verifier's log becomes a sentence.
func TestRefusedBecause(t *testing.T) {
	for _, c := range []struct {
		log  []string
		want string
	}{
		{[]string{"1: (85) call bpf_loop#181", "unknown func bpf_loop#181", "processed 2 insns (limit 1000000)"}, "has no helper bpf_loop"},
		{[]string{"program of this type cannot use helper bpf_loop#181", ""}, "has no helper bpf_loop"},
		{[]string{"BPF program is too large. Processed 1000001 insn", "processed 1000001 insns"}, "too long for the verifier"},
		{[]string{"5: (0f) r2 += r3", "R3 unbounded memory access"}, `("R3 unbounded memory access")`},
		{nil, "does not accept"},
	} {
		got := refusedBecause(c.log)
		if !strings.Contains(got, c.want) || !strings.Contains(got, "Linux ") || strings.Contains(got, "\n") {
			t.Errorf("%q: %q, want one line with the kernel's release and %q", c.log, got, c.want)
		}
	}
}
