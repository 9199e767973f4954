package etl

import (
	"strings"

	"github.com/godtrace/godtrace/format/etl/schema"
	"github.com/godtrace/godtrace/format/etl/tracelogging"
	"github.com/godtrace/godtrace/vm"
)

// recordedProvider is the provider of events that dtrace record wrote for firings
// that shall replay as the probe they were, by the GUID of its name, DTrace-Probe.
var recordedProvider = tracelogging.ProviderGUID("DTrace-Probe")

// makeRecorded makes the probes that such events name: their name is provider,
// module, function and name, their fields are arg0 and on, and errno.
func (h *Host) makeRecorded(stats []*stat) error {
	for _, st := range stats {
		if st.provider != recordedProvider || st.kernel {
			continue
		}
		parts := strings.Split(st.schema.Event, ":")
		if len(parts) != 4 || parts[0] == "" || parts[0] == "etw" || parts[0] == "dtrace" {
			continue
		}
		in, err := h.create(parts[0], parts[1], parts[2], parts[3], st.n)
		if err != nil {
			h.notice("recorded probe %q: %v", st.schema.Event, err)
			continue
		}
		c := h.classes[st.schema]
		c.acts = append(c.acts, &act{on: anyOn(in), run: func(h *Host, _ *machine) { h.fireRecorded(in, c.schema) }})
	}
	return nil
}

// fireRecorded fires the probe with the arguments that the event holds.
func (h *Host) fireRecorded(in *info, s *schema.Schema) {
	f := &h.play.f
	*f = vm.Firing{Time: h.now.Load(), Wall: h.wall.Load(), Kernel: true, Thread: &h.cur.Thread, Context: &h.play.ctx}
	for i := range s.Fields {
		v, err := s.Value(h.mem.payload, h.mem.ptr, i)
		if err != nil {
			break
		}
		n, ok := v.Uint()
		if !ok {
			continue
		}
		switch name := s.Fields[i].Name; {
		case name == "errno":
			f.Errno = int32(n)
		case len(name) == 4 && strings.HasPrefix(name, "arg") && name[3] >= '0' && name[3] <= '9':
			f.Args[name[3]-'0'] = n
		}
	}
	h.e.Fire(in.p.ID, h.play.cpu, f)
}
