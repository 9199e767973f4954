package bpf

import (
	"encoding/binary"
	"slices"

	"github.com/godtrace/godtrace/ir"
	"github.com/godtrace/godtrace/probe"
)

func le64(b []byte) uint64 { return binary.LittleEndian.Uint64(b) }

// epid numbers the pairs of clause and probe from 1.
func epid(prog *ir.Program, base []uint32, clause int, p probe.ID) uint32 {
	if clause < 0 || clause >= len(base) {
		return 0
	}
	i, ok := slices.BinarySearch(prog.Clauses[clause].Probes, p)
	if !ok {
		return 0
	}
	return base[clause] + uint32(i)
}

// Build compiles a verified program for the given hooks. Clauses of ERROR become
// functions of every program that can fault; their probe is errorProbe of
// no hook.
func Build(prog *ir.Program, hooks []Hook, cfg Config) (*Object, error) {
	return nil, &Error{Clause: -1, Msg: "code generation is being written"}
}
