// Package decode finds the schema of an event, wherever it is: the kernel's own
// layouts, the description a TraceLogging event carries, what a merging tool or
// an EventSource wrote into the trace, or a manifest given by the user. Events
// of which nothing is known get a schema of one binary field.
package decode

import (
	"bytes"
	"fmt"
	"hash/maphash"
	"strconv"

	"github.com/godtrace/godtrace/format/etl"
	"github.com/godtrace/godtrace/format/etl/kernel"
	"github.com/godtrace/godtrace/format/etl/manifest"
	"github.com/godtrace/godtrace/format/etl/schema"
	"github.com/godtrace/godtrace/format/etl/tracelogging"
	"github.com/godtrace/godtrace/format/etl/wpp"
)

// eventKey names an event of a provider or a version of a class.
type eventKey struct {
	guid    etl.GUID
	id      uint16 // or the opcode of classic events
	version uint8
	classic bool
}

// fastKernel caches a kernel layout.
type fastKernel struct {
	schema  *schema.Schema
	version uint8
}

// tlEntry is a TraceLogging schema and what it was made from.
type tlEntry struct {
	guid   etl.GUID
	opcode uint8
	item   []byte
	schema *schema.Schema
}

// Decoder finds schemas. Schemas it has returned stay valid. Events of one kind
// get the same one, so that they can be told apart by pointer, but for unknown
// ones in a file that has more than 65,536 kinds of them. It is for one
// goroutine.
type Decoder struct {
	table    *kernel.Table
	fast     [64][256]fastKernel
	events   map[eventKey]*schema.Schema
	cache    map[eventKey]*schema.Schema // by the event's own key, version included
	names    map[etl.GUID]string
	maps     map[etl.GUID]map[string]*schema.Map
	infos    []*eventInfo
	chunks   manifest.Collector
	tl       map[uint64][]*tlEntry
	tlLast   *tlEntry
	seed     maphash.Seed
	problems []error
}

// New returns a Decoder that knows the kernel's events.
func New() *Decoder {
	return &Decoder{
		table: kernel.Layouts(), events: map[eventKey]*schema.Schema{}, cache: map[eventKey]*schema.Schema{},
		names: map[etl.GUID]string{}, maps: map[etl.GUID]map[string]*schema.Map{}, tl: map[uint64][]*tlEntry{}, seed: maphash.MakeSeed(),
	}
}

// Problems returns what was wrong with descriptions: each cost the events it
// describes their names and fields.
func (d *Decoder) Problems() []error { return d.problems }

// maxCache bounds the events whose schemas are kept for the next of their kind.
const maxCache = 1 << 16

// maxProblems bounds the list of problems.
const maxProblems = 100

func (d *Decoder) problem(err error) {
	if len(d.problems) < maxProblems {
		d.problems = append(d.problems, err)
	}
}

// AddManifest takes in the text of a .man file. It wins over what traces say.
func (d *Decoder) AddManifest(text []byte) error {
	ps, problems, err := manifest.Parse(text, schema.FromManifest)
	if err != nil {
		return err
	}
	for _, err := range problems {
		d.problem(err)
	}
	for _, p := range ps {
		d.addProvider(p)
	}
	return nil
}

// AddTMF takes in the text of a .tmf file, the formats of messages.
func (d *Decoder) AddTMF(text []byte) error {
	list, problems, err := wpp.Parse(text)
	if err != nil {
		return err
	}
	for _, err := range problems {
		d.problem(err)
	}
	for _, s := range list {
		if _, ok := d.names[s.GUID]; !ok && s.Provider != "" {
			d.names[s.GUID] = s.Provider
		}
		d.events[eventKey{guid: s.GUID, id: s.ID, version: messageVersion}] = s
	}
	clear(d.cache)
	return nil
}

// messageVersion stands for the version in the keys of messages, which have none.
const messageVersion = 0xFF

// AddDefault takes in what is known beforehand of a provider's events. What traces or
// manifests say wins.
func (d *Decoder) AddDefault(name string, g etl.GUID, events []*schema.Schema) {
	if _, ok := d.names[g]; !ok {
		d.names[g] = name
	}
	for _, s := range events {
		k := eventKey{guid: g, id: s.ID, version: s.Version}
		if d.events[k] == nil {
			s.Provider, s.GUID, s.Source = name, g, schema.FromDefault
			d.events[k] = s.Compile()
		}
	}
	clear(d.cache)
}

func (d *Decoder) addProvider(p *manifest.Provider) {
	d.names[p.GUID] = p.Name
	for _, s := range p.Events {
		d.set(eventKey{guid: p.GUID, id: s.ID, version: s.Version}, s)
	}
}

// set gives an event its schema, unless a manifest by the user did.
func (d *Decoder) set(k eventKey, s *schema.Schema) {
	if old := d.events[k]; old != nil && old.Source == schema.FromManifest && s.Source != schema.FromManifest {
		return
	}
	d.events[k] = s
	clear(d.cache)
}

// Learn takes in all descriptions that a file holds, in one pass over the
// buffers that have some. It must come before the events are decoded, as
// descriptions often stand behind what they describe.
func (d *Decoder) Learn(f *etl.File) error {
	err := f.Visit(etl.PassSchemas, func(e *etl.Event) bool {
		d.Observe(e)
		return true
	})
	d.Finish()
	return err
}

// Observe takes in an event if it describes others. Learn does it for a whole
// file; others call Observe for each event, and Finish before they ask for schemas
// that are to stay.
func (d *Decoder) Observe(e *etl.Event) {
	switch {
	case e.Provider == etl.ClassTraceEventInfo && e.Classic():
		switch e.Opcode {
		case 32:
			in, err := parseEventInfo(append([]byte(nil), e.Payload...))
			if err != nil {
				d.problem(err)
				return
			}
			d.infos = append(d.infos, in)
		case 33:
			g, m, err := parseMapInfo(e.Payload)
			if err != nil {
				d.problem(err)
				return
			}
			if d.maps[g] == nil {
				d.maps[g] = map[string]*schema.Map{}
			}
			d.maps[g][m.Name] = m
		}
	case e.ID == etl.ManifestID && !e.Classic() && e.Type < etl.TypeMessage:
		c, err := manifest.ParseChunk(e.Payload)
		if err != nil {
			return // some other event with this id
		}
		text := d.chunks.Add(e.Provider, e.PID, c)
		if text == nil {
			return
		}
		ps, problems, err := manifest.Parse(text, schema.FromEventSource)
		if err != nil {
			d.problem(fmt.Errorf("decode: provider %v: %w", e.Provider, err))
			return
		}
		for _, err := range problems {
			d.problem(err)
		}
		for _, p := range ps {
			d.addProvider(p)
		}
	}
}

// Finish compiles the descriptions observed, now that their maps are known. Schema
// does it too if there are new ones.
func (d *Decoder) Finish() {
	for _, in := range d.infos {
		if in.s.Provider != "" {
			if _, ok := d.names[in.provider]; !ok {
				d.names[in.provider] = in.s.Provider
			}
		} else {
			in.s.Provider = in.provider.String()
		}
		s := in.s
		s.Compile()
		link(s.Fields, in.maps, d.maps[in.provider])
		k := eventKey{guid: in.provider, id: in.id, version: in.version}
		switch in.source {
		case sourceWbem:
			k = eventKey{guid: in.event, id: uint16(in.opcode), version: in.version, classic: true}
		case sourceWPP:
			s.Source = schema.FromWPP
			k.guid = in.event
		}
		d.set(k, &s)
	}
	d.infos = nil
}

// link gives fields the maps they name.
func link(fields []schema.Field, names map[int]string, maps map[string]*schema.Map) {
	for i := range fields {
		f := &fields[i]
		if n := names[f.Slot]; n != "" && f.Map == nil {
			f.Map = maps[n]
		}
		link(f.Fields, names, maps)
	}
}

// ProviderName returns the name of a provider, "" if it is not known.
func (d *Decoder) ProviderName(g etl.GUID) string {
	if n, ok := d.names[g]; ok {
		return n
	}
	return wellKnown[g]
}

// Schema returns the schema of an event, never nil, and the size of pointers in
// its payload. For events it has met it allocates nothing.
func (d *Decoder) Schema(e *etl.Event) (*schema.Schema, int) {
	if e.Kernel() {
		f := &d.fast[e.Group&63][e.Opcode]
		if f.schema != nil && f.version == e.Version && e.Group < 64 && f.schema.Version == f.version {
			return f.schema, int(e.PtrSize)
		}
		if s, ptr := d.table.Resolve(e); s != nil && e.Group < 64 {
			if ptr == int(e.PtrSize) && e.Group != etl.GroupHeader {
				*f = fastKernel{s, e.Version}
			}
			return s, ptr
		}
		return d.unknown(e), int(e.PtrSize)
	}
	if len(d.infos) > 0 {
		d.Finish()
	}
	if e.Ext != nil {
		if item := e.Item(etl.ItemSchema); item != nil {
			if s := d.traceLogging(e, item); s != nil {
				return s, int(e.PtrSize)
			}
		}
	}
	k := keyOf(e)
	if s := d.cache[k]; s != nil {
		if s.Source == schema.FromKernel {
			if s, ptr := d.table.Resolve(e); s != nil {
				return s, ptr
			}
		}
		return s, int(e.PtrSize)
	}
	if len(d.cache) > maxCache {
		clear(d.cache) // a mangled file can hold any number of providers
	}
	s, ptr := d.find(e, k)
	d.cache[k] = s
	return s, ptr
}

func keyOf(e *etl.Event) eventKey {
	k := eventKey{guid: e.Provider, id: e.ID, version: e.Version}
	if e.Classic() {
		k.id, k.classic = uint16(e.Opcode), true
	} else if e.Type >= etl.TypeMessage {
		k.version = messageVersion
	}
	return k
}

// find looks an event up that is not in the cache.
func (d *Decoder) find(e *etl.Event, k eventKey) (*schema.Schema, int) {
	if s := d.events[k]; s != nil {
		return s, int(e.PtrSize)
	}
	if e.Classic() {
		if s, ptr := d.table.Resolve(e); s != nil {
			return s, ptr
		}
	}
	return d.unknown(e), int(e.PtrSize)
}

// traceLogging returns the schema that the event carries, nil if it is damaged.
func (d *Decoder) traceLogging(e *etl.Event, item []byte) *schema.Schema {
	if l := d.tlLast; l != nil && l.opcode == e.Opcode && l.guid == e.Provider && bytes.Equal(l.item, item) {
		return l.schema
	}
	h := maphash.Bytes(d.seed, item)
	for _, l := range d.tl[h] {
		if l.opcode == e.Opcode && l.guid == e.Provider && bytes.Equal(l.item, item) {
			d.tlLast = l
			return l.schema
		}
	}
	s, err := tracelogging.Parse(item)
	if err != nil {
		d.problem(fmt.Errorf("decode: provider %v: %w", e.Provider, err))
		return nil
	}
	if b := e.Item(etl.ItemTraits); b != nil {
		if t, err := tracelogging.ParseTraits(b); err == nil && t.Name != "" {
			s.Provider = t.Name
			d.names[e.Provider] = t.Name
		}
	}
	if s.Provider == "" {
		if s.Provider = d.ProviderName(e.Provider); s.Provider == "" {
			s.Provider = e.Provider.String()
		}
	}
	s.GUID, s.ID, s.Version, s.Opcode = e.Provider, e.ID, e.Version, manifest.OpcodeName(e.Opcode)
	l := &tlEntry{guid: e.Provider, opcode: e.Opcode, item: append([]byte(nil), item...), schema: s.Compile()}
	d.tl[h] = append(d.tl[h], l)
	d.tlLast = l
	return s
}

// unknown makes a schema for an event of which nothing but its header is known.
func (d *Decoder) unknown(e *etl.Event) *schema.Schema {
	k := keyOf(e)
	k.classic = e.Classic()
	if s := d.cache[k]; s != nil {
		return s
	}
	s := &schema.Schema{GUID: e.Provider, ID: e.ID, Version: e.Version, Provider: d.ProviderName(e.Provider)}
	if s.Provider == "" {
		s.Provider = e.Provider.String()
	}
	switch task := d.table.Task(e.Provider); {
	case e.Kernel() && task == "":
		s.Provider, s.Task = kernel.Provider, "Group("+strconv.Itoa(int(e.Group))+")"
		s.Opcode = kernel.OpcodeName("", e.Opcode)
		k.guid = etl.GUID{e.Group, 0xFF}
	case e.Classic() && task != "":
		s.Provider, s.Task, s.Opcode = kernel.ProviderOf(task), task, kernel.OpcodeName(task, e.Opcode)
	case e.Classic():
		s.Opcode = kernel.OpcodeName("", e.Opcode)
	case e.Type >= etl.TypeMessage:
		s.Source, s.Event = schema.FromWPP, "Message("+strconv.Itoa(int(e.ID))+")"
	case e.ID == etl.ManifestID:
		s.Event = "ManifestData"
	case e.ID == 0 && e.Opcode == 0:
		s.Event = "EventID(0)"
	default:
		s.Event = "EventID(" + strconv.Itoa(int(e.ID)) + ")"
		s.Opcode = manifest.OpcodeName(e.Opcode)
	}
	s.Fields = []schema.Field{{Name: "Data", In: schema.RestBinary, CountField: schema.NoField, LengthField: schema.NoField}}
	if s.Event == "ManifestData" {
		fixed := func(name string, t schema.Type) schema.Field {
			return schema.Field{Name: name, In: t, CountField: schema.NoField, LengthField: schema.NoField}
		}
		s.Fields = []schema.Field{fixed("Format", schema.UInt8), fixed("MajorVersion", schema.UInt8), fixed("MinorVersion", schema.UInt8),
			fixed("Magic", schema.UInt8), fixed("TotalChunks", schema.UInt16), fixed("ChunkNumber", schema.UInt16), fixed("Data", schema.RestANSI)}
	}
	d.cache[k] = s.Compile()
	return s
}

// wellKnown are names of providers that are part of Windows and .NET, for traces
// that hold their events without a description.
var wellKnown = map[etl.GUID]string{
	etl.MustGUID("22fb2cd6-0e7b-422b-a0c7-2fad1fd0e716"): "Microsoft-Windows-Kernel-Process",
	etl.MustGUID("7dd42a49-5329-4832-8dfd-43d979153a88"): "Microsoft-Windows-Kernel-Network",
	etl.MustGUID("edd08927-9cc4-4e65-b970-c2560fb5c289"): "Microsoft-Windows-Kernel-File",
	etl.MustGUID("70eb4f03-c1de-4f73-a051-33d13d5413bd"): "Microsoft-Windows-Kernel-Registry",
	etl.MustGUID("c7bde69a-e1e0-4177-b6ef-283ad1525271"): "Microsoft-Windows-Kernel-Disk",
	etl.MustGUID("d1d93ef7-e1f2-4f45-9943-03d245fe6c00"): "Microsoft-Windows-Kernel-Memory",
	etl.MustGUID("331c3b3a-2005-44c2-ac5e-77220c37d6b4"): "Microsoft-Windows-Kernel-Power",
	etl.MustGUID("b675ec37-bdb6-4648-bc92-f3fdc74d3ca2"): "Microsoft-Windows-Kernel-EventTracing",
	etl.MustGUID("e13c0d23-ccbc-4e12-931b-d9cc2eee27e4"): "Microsoft-Windows-DotNETRuntime",
	etl.MustGUID("a669021c-c450-4609-a035-5af59af4df18"): "Microsoft-Windows-DotNETRuntimeRundown",
	etl.MustGUID("763fd754-7086-4dfe-95eb-c01a46faf4ca"): "Microsoft-Windows-DotNETRuntimePrivate",
	etl.MustGUID("dd5ef90a-6398-47a4-ad34-4dcecdef795f"): "Microsoft-Windows-HttpService",
	etl.MustGUID("2f07e2ee-15db-40f1-90ef-9d7ba282188a"): "Microsoft-Windows-TCPIP",
	etl.MustGUID("1c95126e-7eea-49a9-a3fe-a378b03ddb4d"): "Microsoft-Windows-DNS-Client",
	etl.MustGUID("2a576b87-09a7-520e-c21a-4942f0271d67"): "Microsoft-Antimalware-Scan-Interface",
	etl.MustGUID("a0c1853b-5c40-4b15-8766-3cf1c58f985a"): "Microsoft-Windows-PowerShell",
	etl.MustGUID("8c416c79-d49b-4f01-a467-e56d3aa8234c"): "Microsoft-Windows-Win32k",
}
