package etl

// Merger delivers the events of several files as one, in order of FILETIME;
// events of the same time come in the order of the files. It is for one
// goroutine.
type Merger struct {
	src []mergeSource
	cur int // the source delivered last, -1 before the first
	n   int64
}

type mergeSource struct {
	r    *Reader
	e    Event
	time int64
	ok   bool
}

// NewMerger returns a Merger of all events of the files.
func NewMerger(files ...*File) *Merger {
	m := &Merger{src: make([]mergeSource, len(files)), cur: -1}
	for i, f := range files {
		m.src[i].r = f.Reader()
	}
	if len(files) > 1 { // of one there is no need to look one event ahead
		for i := range m.src {
			m.src[i].step(i)
		}
	}
	return m
}

func (s *mergeSource) step(file int) {
	if s.ok = s.r.Next(&s.e); s.ok {
		s.e.File = file
		s.time = s.e.Time()
	}
}

// Next fills e with the next event and reports whether there was one. The
// event's slices are valid until the next call.
func (m *Merger) Next(e *Event) bool {
	if len(m.src) == 1 {
		if !m.src[0].r.Next(e) {
			return false
		}
		m.n++
		return true
	}
	if m.cur >= 0 {
		m.src[m.cur].step(m.cur)
	}
	best := -1
	for i := range m.src {
		if s := &m.src[i]; s.ok && (best < 0 || s.time < m.src[best].time) {
			best = i
		}
	}
	if best < 0 {
		return false
	}
	m.cur = best
	*e = m.src[best].e
	m.n++
	return true
}

// Err returns the first error of a file, nil if all were read to their end.
func (m *Merger) Err() error {
	for i := range m.src {
		if err := m.src[i].r.Err(); err != nil {
			return err
		}
	}
	return nil
}

// Position returns how many events were delivered and how many there are.
func (m *Merger) Position() (done, all int64) {
	for i := range m.src {
		_, n := m.src[i].r.Position()
		all += n
	}
	return m.n, all
}
