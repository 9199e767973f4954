package btf

import (
	"os"
	"testing"

	"github.com/godtrace/godtrace/ctype"
)

func kernel(tb testing.TB) *Spec {
	tb.Helper()
	s, err := LoadKernel()
	if os.IsNotExist(err) || err != nil && !exists(Dir+"/vmlinux") {
		tb.Skipf("no kernel BTF: %v", err)
	}
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { s.Close() })
	return s
}

func exists(p string) bool { _, err := os.Stat(p); return err == nil }

func TestKernelTypes(t *testing.T) {
	s := kernel(t)
	id, ok := s.Find(KindStruct, "task_struct")
	if !ok {
		t.Fatal("struct task_struct not found")
	}
	ts := s.Type(id)
	comm, ok := ts.Member("comm")
	if !ok || comm.Type.String() != "char [16]" || !comm.Type.IsCharArray() {
		t.Errorf("task_struct.comm = %v %v, want char [16]", comm.Type, ok)
	}
	if got := ctype.LP64.Size(ts); got < 1000 || comm.Off >= got {
		t.Errorf("sizeof task_struct = %d, comm at %d", got, comm.Off)
	}
	parent, ok := ts.Member("real_parent")
	if !ok || parent.Type.String() != "struct task_struct *" {
		t.Errorf("task_struct.real_parent = %v %v", parent.Type, ok)
	}
	if _, ok := parent.Type.Elem.Member("comm"); !ok {
		t.Error("task_struct through real_parent has no comm")
	}
	// in_execve or another bit-field exists in every kernel.
	bits := 0
	for _, m := range ts.Members() {
		if m.Bits > 0 {
			bits++
			if sz := ctype.LP64.Size(m.Type); m.Off%sz != 0 || int64(m.Shift+m.Bits) > 8*sz {
				t.Errorf("bit-field %s: off %d shift %d bits %d in a unit of %d bytes", m.Name, m.Off, m.Shift, m.Bits, sz)
			}
		}
	}
	if bits == 0 {
		t.Error("task_struct has no bit-fields")
	}
	if id, ok = s.Find(KindTypedef, "pid_t"); !ok || s.Type(id).Base().String() != "int" {
		t.Errorf("pid_t: %v %v", s.Type(id), ok)
	}
	if id, ok = s.Find(KindTypedef, "size_t"); !ok || s.Type(id).Base().String() != "unsigned long" {
		t.Errorf("size_t: %v %v", s.Type(id).Base(), ok)
	}
}

func TestEnumerator(t *testing.T) {
	s := kernel(t)
	v, et, ok := s.Enumerator("PIDTYPE_TGID")
	if !ok || v != 1 || et.String() != "enum pid_type" {
		t.Errorf("PIDTYPE_TGID = %d %v %v, want 1 enum pid_type", v, et, ok)
	}
	if _, _, ok := s.Enumerator("no_such_enumerator_anywhere"); ok {
		t.Error("found a constant that does not exist")
	}
}

func TestTracepoints(t *testing.T) {
	s := kernel(t)
	n := 0
	s.EachPrefix(KindTypedef, "btf_trace_", func(id ID, name []byte) {
		n++
		if n == 1 && s.Name(id) != string(name) {
			t.Errorf("Name(%d) = %q, want %q", id, s.Name(id), name)
		}
	})
	if n < 100 {
		t.Errorf("%d tracepoints, want hundreds", n)
	}
	id, ok := s.Find(KindFunc, "__traceiter_sched_switch")
	if !ok {
		t.Skip("no iterator functions in this BTF")
	}
	ft := s.Type(id)
	if ft.Kind != ctype.Func || len(ft.Params) < 4 || ft.Params[2].Type.String() != "struct task_struct *" {
		t.Errorf("__traceiter_sched_switch is %v", ft)
	}
}

func TestHasString(t *testing.T) {
	s := kernel(t)
	if !s.HasString("task_struct") || s.HasString("task_struc") || s.HasString("ask_struct") {
		t.Error("HasString does not match whole strings only")
	}
	if !FileHasString("vmlinux", "task_struct") || FileHasString("vmlinux", "task_struc") || FileHasString("nosuch", "x") {
		t.Error("FileHasString does not match whole strings only")
	}
}

// TestEveryType decodes all of the kernel's BTF.
func TestEveryType(t *testing.T) {
	s := kernel(t)
	for i := range s.Len() {
		ty := s.Type(s.First() + ID(i))
		if ty == nil {
			t.Fatalf("type %d is nil", i)
		}
		ty.Members()
		ty.Enumerators()
		_ = ty.String()
	}
}

func BenchmarkLoadAndFind(b *testing.B) {
	kernel(b)
	for b.Loop() {
		s, err := LoadKernel()
		if err != nil {
			b.Fatal(err)
		}
		if _, ok := s.Find(KindStruct, "task_struct"); !ok {
			b.Fatal("no task_struct")
		}
		s.Close()
	}
}

func BenchmarkFind(b *testing.B) {
	s := kernel(b)
	for b.Loop() {
		s.Find(KindStruct, "task_struct")
	}
}

func BenchmarkEnumerator(b *testing.B) {
	s := kernel(b)
	for b.Loop() {
		s.Enumerator("PIDTYPE_TGID")
	}
}
