package etl

import (
	"errors"

	"github.com/godtrace/godtrace/ctype"
	"github.com/godtrace/godtrace/format/etl"
	"github.com/godtrace/godtrace/probe"
)

// Opcodes of kernel events.
const (
	opStart   = 1
	opEnd     = 2
	opLoad    = 10
	opCSwitch = 36
	opReady   = 50

	opSample      = 46
	opSysEnter    = 51
	opSysExit     = 52
	opISRMSI      = 50
	opThreadedDPC = 66
	opISR         = 67
	opDPC         = 68
	opTimerDPC    = 69
	opDPC2        = 70
	opISR95       = 95
)

// act is what a kind of event does beyond its own probe: it fires probes of other
// providers.
type act struct {
	on  func(h *Host) bool
	run func(h *Host, m *machine)
}

// builders make the acts of kernel events.
var builders map[hook][]func(h *Host, st *stat) *act

func init() {
	builders = map[hook][]func(*Host, *stat) *act{
		{etl.GroupThread, opCSwitch}: {switchEvent},
		{etl.GroupThread, opReady}:   {wakeupEvent},
		{etl.GroupThread, opStart}:   {threadStartEvent},
		{etl.GroupThread, opEnd}:     {threadEndEvent},
		{etl.GroupProcess, opStart}:  {processStartEvent},
		{etl.GroupProcess, opEnd}:    {processEndEvent},
		{etl.GroupProcess, opLoad}:   {imageEvent},
		{etl.GroupImage, opLoad}:     {imageEvent},
		{etl.GroupImage, opEnd}:      {imageEvent},

		{etl.GroupPerfInfo, opSample}: {sampleEvent},
	}
	for _, op := range []uint8{10, 11, 14, 55, 56, 57} {
		k := hook{etl.GroupDisk, op}
		builders[k] = append(builders[k], diskEvent)
	}
	for op := range tcpNames {
		k := hook{etl.GroupTCPIP, op}
		builders[k] = append(builders[k], tcpEvent)
	}
	for op := range udpNames {
		k := hook{etl.GroupUDPIP, op}
		builders[k] = append(builders[k], udpEvent)
	}
	for op := range faultNames {
		k := hook{etl.GroupMemory, op}
		builders[k] = append(builders[k], faultEvent)
	}
	for op := range registryNames {
		k := hook{etl.GroupRegistry, op}
		builders[k] = append(builders[k], registryEvent)
	}
}

// makeActions adds to a class the acts of its event.
func (h *Host) makeActions(st *stat) error {
	c := h.classes[st.schema]
	for _, build := range builders[st.hook] {
		if a := build(h, st); a != nil {
			c.acts = append(c.acts, a)
		}
	}
	return h.makeErr
}

// probe makes a probe of a provider that names no functions.
func (h *Host) probe(provider, name string, n int64, args ...argument) *info {
	in, err := h.create(provider, kernelModule, "", name, n)
	if err != nil {
		h.makeErr = errors.Join(h.makeErr, err)
		return &info{p: &probe.Probe{}}
	}
	for i := range args {
		args[i].raw = i
	}
	in.args = func() []argument { return args }
	return in
}

// kernelModule is the module of probes that stand for the kernel.
const kernelModule = "nt"

// anyOn makes the condition of an act.
func anyOn(ins ...*info) func(*Host) bool {
	return func(*Host) bool {
		for _, in := range ins {
			if in.on {
				return true
			}
		}
		return false
	}
}

// Arguments: a struct of this host and what the D libraries make of it.
func (h *Host) argThread(name, tag string) argument {
	return argument{name: name, native: ctype.PtrTo(h.threadType.typ), trans: translated(tag)}
}
func (h *Host) argString(name string) argument { return argument{name: name, native: h.set.String} }
func (h *Host) argInt(name string) argument    { return argument{name: name, native: h.set.Int} }
func (h *Host) argLong(name string) argument   { return argument{name: name, native: h.set.Uint64} }

// num and str read a field of the current event.
func (h *Host) num(name string) uint64 {
	c := h.mem.class
	i := c.schema.Index(name)
	if i < 0 {
		return 0
	}
	v, err := c.schema.Value(h.mem.payload, h.mem.ptr, i)
	if err != nil {
		return 0
	}
	n, _ := v.Uint()
	return n
}

func (h *Host) str(name string) string {
	c := h.mem.class
	i := c.schema.Index(name)
	if i < 0 {
		return ""
	}
	v, err := c.schema.Value(h.mem.payload, h.mem.ptr, i)
	if err != nil {
		return ""
	}
	return string(appendText(nil, &v))
}
