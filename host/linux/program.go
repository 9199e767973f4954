//go:build linux

package linux

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unsafe"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/btf"
	"golang.org/x/sys/unix"
)

// program is a program in the kernel. It is loaded here and not by
// cilium/ebpf's loader, which first finds out by trial what the kernel can: four
// programs and eight BTF objects at each start, half of a short run's CPU time.
type program struct {
	fd   int
	name string
}

// loadProgram loads a program whose maps exist. target is the BTF id of what a
// tracing program attaches to, else 0. A refusal by the verifier is an
// *ebpf.VerifierError.
func loadProgram(spec *ebpf.ProgramSpec, maps map[string]*ebpf.Map, target uint32) (*program, error) {
	ins := slices.Clone(spec.Instructions)
	for i := range ins {
		in := &ins[i]
		if in.IsKfuncCall() {
			return loadByCilium(spec, maps)
		}
		if !in.IsLoadFromMap() || in.Reference() == "" {
			continue
		}
		m := maps[in.Reference()]
		if m == nil {
			return nil, fmt.Errorf("BUG: map %s is missing", in.Reference())
		}
		if err := in.AssociateMap(m); err != nil {
			return nil, fmt.Errorf("map %s: %w", in.Reference(), err)
		}
	}
	a := progLoadAttr{
		progType: uint32(spec.Type), expectedAttach: uint32(spec.AttachType), flags: spec.Flags, attachBTF: target,
	}
	copy(a.name[:len(a.name)-1], spec.Name)
	types, funcs, lines, err := extInfos(ins)
	if err != nil {
		return nil, err
	}
	if types != nil {
		fd, err := loadTypes(types)
		if err != nil {
			return nil, fmt.Errorf("load the program's types: %w", err)
		}
		defer unix.Close(fd)
		a.btfFD = uint32(fd)
		a.funcInfoSize, a.funcInfo, a.funcInfoCount = btf.FuncInfoSize, pointer(funcs), uint32(len(funcs))/btf.FuncInfoSize
		a.lineInfoSize, a.lineInfo, a.lineInfoCount = btf.LineInfoSize, pointer(lines), uint32(len(lines))/btf.LineInfoSize
	}
	code := bytes.NewBuffer(make([]byte, 0, ins.Size()))
	if err := ins.Marshal(code, binary.LittleEndian); err != nil {
		return nil, err
	}
	license := append([]byte(spec.License), 0)
	a.insns, a.insnCount, a.license = pointer(code.Bytes()), uint32(code.Len()/asm.InstructionSize), pointer(license)
	fd, err := a.load()
	switch {
	case errors.Is(err, unix.E2BIG):
		return nil, err // to hear why takes the verifier as long again, several times
	case err != nil:
		return nil, a.explain(err)
	}
	return &program{fd: fd, name: spec.Name}, nil
}

// loadByCilium loads programs that call kernel functions, which must be found
// in the kernel's BTF.
func loadByCilium(spec *ebpf.ProgramSpec, maps map[string]*ebpf.Map) (*program, error) {
	spec = spec.Copy()
	for i := range spec.Instructions {
		in := &spec.Instructions[i]
		if in.IsLoadFromMap() && in.Reference() != "" && maps[in.Reference()] != nil {
			if err := in.AssociateMap(maps[in.Reference()]); err != nil {
				return nil, fmt.Errorf("map %s: %w", in.Reference(), err)
			}
		}
	}
	p, err := ebpf.NewProgram(spec)
	if err != nil {
		return nil, err
	}
	defer p.Close()
	fd, err := unix.FcntlInt(uintptr(p.FD()), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("keep the program: %w", err)
	}
	return &program{fd: fd, name: spec.Name}, nil
}

// extInfos returns a program's BTF and the tables that tie functions and lines
// to it; nil if it has none.
func extInfos(ins asm.Instructions) (types, funcs, lines []byte, err error) {
	var b btf.Builder
	funcs, lines, err = btf.MarshalExtInfos(ins, &b)
	if err != nil {
		return nil, nil, nil, fmt.Errorf("encode the program's types: %w", err)
	}
	if b.Empty() {
		return nil, nil, nil, nil
	}
	v, _ := kernelVersion()
	types, err = b.Marshal(nil, &btf.MarshalOptions{Order: binary.LittleEndian, StripFuncLinkage: v.before(version{5, 6})})
	if err != nil {
		return nil, nil, nil, fmt.Errorf("encode the program's types: %w", err)
	}
	return types, funcs, lines, nil
}

// Commands of bpf(2).
const (
	cmdMapLookup   = 1
	cmdProgLoad    = 5
	cmdTestRun     = 10
	cmdObjInfo     = 15
	cmdRawOpen     = 17
	cmdBTFLoad     = 18
	cmdLookupBatch = 24 // Linux 5.6
	cmdDeleteBatch = 27
)

// bpfCall runs a command of bpf(2). The attributes are a pointer to a struct
// that holds its pointers as such, so that the memory stays where it is.
func bpfCall(cmd uintptr, attr unsafe.Pointer, size uintptr) (int, error) {
	r, _, e := unix.Syscall(unix.SYS_BPF, cmd, uintptr(attr), size)
	if e != 0 {
		return -1, e
	}
	return int(r), nil
}

// progLoadAttr is the part of union bpf_attr that BPF_PROG_LOAD uses.
type progLoadAttr struct {
	progType, insnCount uint32
	insns, license      unsafe.Pointer
	logLevel, logSize   uint32
	logBuf              unsafe.Pointer
	kernVersion, flags  uint32
	name                [16]byte
	ifindex             uint32
	expectedAttach      uint32
	btfFD               uint32
	funcInfoSize        uint32
	funcInfo            unsafe.Pointer
	funcInfoCount       uint32
	lineInfoSize        uint32
	lineInfo            unsafe.Pointer
	lineInfoCount       uint32
	attachBTF           uint32
	attachFD            uint32
	_                   uint32
}

func (a *progLoadAttr) load() (int, error) {
	// The verifier gives up with EAGAIN when a signal is pending, and Go's runtime
	// sends itself signals.
	const tries = 50
	var err error
	for range tries {
		var fd int
		if fd, err = bpfCall(cmdProgLoad, unsafe.Pointer(a), unsafe.Sizeof(*a)); err == nil {
			return fd, nil
		}
		if err != unix.EAGAIN {
			break
		}
	}
	return -1, err
}

// explain loads the program again to hear what the verifier has to say.
func (a *progLoadAttr) explain(cause error) error {
	for size := 1 << 20; size <= 1<<26; size *= 8 {
		log := make([]byte, size)
		a.logLevel, a.logSize, a.logBuf = 1, uint32(len(log)), pointer(log)
		fd, err := a.load()
		if err == nil {
			unix.Close(fd)
			return cause
		}
		if errors.Is(err, unix.ENOSPC) {
			continue
		}
		text := strings.TrimRight(unix.ByteSliceToString(log), "\n")
		if text == "" {
			return cause
		}
		return &ebpf.VerifierError{Cause: cause, Log: strings.Split(text, "\n")}
	}
	return cause
}

func loadTypes(types []byte) (int, error) {
	a := struct {
		btf, logBuf             unsafe.Pointer
		size, logSize, logLevel uint32
		_                       uint32
	}{btf: pointer(types), size: uint32(len(types))}
	return bpfCall(cmdBTFLoad, unsafe.Pointer(&a), unsafe.Sizeof(a))
}

// run executes a raw tracepoint program once, with a context of twelve words.
// cpu is where, -1 for here.
func (p *program) run(cpu int) error {
	ctx := make([]byte, testRunContext)
	a := struct {
		fd, result            uint32
		dataIn, dataOut       uint32
		in, out               unsafe.Pointer
		repeat, duration      uint32
		ctxSizeIn, ctxSizeOut uint32
		ctxIn, ctxOut         unsafe.Pointer
		flags, cpu            uint32
		batch, _              uint32
	}{fd: uint32(p.fd), ctxSizeIn: uint32(len(ctx)), ctxIn: pointer(ctx)}
	if cpu >= 0 {
		a.flags, a.cpu = unix.BPF_F_TEST_RUN_ON_CPU, uint32(cpu)
	}
	_, err := bpfCall(cmdTestRun, unsafe.Pointer(&a), unsafe.Sizeof(a))
	return err
}

// fdCloser closes a file descriptor, and with it what it keeps attached.
type fdCloser int

func (fd fdCloser) Close() error { return unix.Close(int(fd)) }

// closers closes several things.
type closers []closer

func (c closers) Close() error {
	var first error
	for _, x := range c {
		if err := x.Close(); err != nil && first == nil {
			first = err
		}
	}
	return first
}

// attachRaw attaches a program to a raw tracepoint, with a cookie if it is not 0
// (Linux 6.10).
func (p *program) attachRaw(tracepoint string, cookie uint64) (closer, error) {
	return p.rawOpen(append([]byte(tracepoint), 0), cookie, "open raw tracepoint "+tracepoint)
}

// attachTracing attaches a tracing program to what it was loaded for.
func (p *program) attachTracing() (closer, error) { return p.rawOpen(nil, 0, "attach") }

func (p *program) rawOpen(name []byte, cookie uint64, what string) (closer, error) {
	a := struct {
		name   unsafe.Pointer
		fd     uint32
		_      uint32
		cookie uint64
	}{name: pointer(name), fd: uint32(p.fd), cookie: cookie}
	fd, err := bpfCall(cmdRawOpen, unsafe.Pointer(&a), unsafe.Sizeof(a))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	return fdCloser(fd), nil
}

// progStats are the kernel's counts of a program's executions.
type progStats struct {
	nanos, runs uint64 // only while statistics are enabled
	misses      uint64 // executions left out because it was running already on the CPU (Linux 5.12)
}

func (p *program) stats() (st progStats, err error) {
	// Offsets in struct bpf_prog_info.
	const runTime, size = 192 / 8, 232 / 8
	var info [size]uint64
	a := struct {
		fd, len uint32
		info    unsafe.Pointer
	}{fd: uint32(p.fd), len: 8 * size, info: unsafe.Pointer(&info)}
	if _, err := bpfCall(cmdObjInfo, unsafe.Pointer(&a), unsafe.Sizeof(a)); err != nil {
		return st, fmt.Errorf("read the statistics of program %s: %w", p.name, err)
	}
	return progStats{info[runTime], info[runTime+1], info[runTime+2]}, nil
}

func (p *program) Close() error { return unix.Close(p.fd) }
