package etl

// walker steps over the records of one unpacked buffer, past damage.
type walker struct {
	b  []byte // records, without the buffer's header
	at int    // where the record found last is
	// next is where the search goes on.
	next     int
	rec      record
	last     int64 // the time of the record before, for those that have none
	fallback int64 // the buffer's time, for when there is no record before

	// What was skipped since the caller last looked.
	badPlaces, badBytes   int64
	typePlaces, typeBytes int64
	cutPlaces, cutBytes   int64
	fillPlaces, fillBytes int64
}

func (w *walker) reset(b []byte, start int64) {
	*w = walker{b: b, fallback: start}
}

// ahead returns the time of the first record from next on that has one.
func (w *walker) ahead() int64 {
	for at := w.next; ; {
		r, what := peek(w.b, at)
		if what != recordOK {
			return w.fallback
		}
		if !r.noTime {
			return r.ts
		}
		at += align8(r.size)
	}
}

// step finds the next record and reports whether there is one. The record is
// rec, at at.
func (w *walker) step() bool {
	for {
		r, what := peek(w.b, w.next)
		switch what {
		case recordOK:
			if r.noTime {
				if w.last == 0 {
					w.last = w.ahead()
				}
				r.ts = w.last
			} else if w.last == 0 || nearby(r.ts, w.last) {
				w.last = r.ts
			} else if ok, jumped := w.stray(r); !ok {
				if !w.resync(false) {
					return false
				}
				continue
			} else if jumped {
				w.last = r.ts
			}
			w.at, w.rec = w.next, r
			w.next += align8(r.size)
			return true
		case recordEnd:
			// Zeros inside the valid bytes are a record that was reserved and never
			// written, ones are what fills a buffer; more may follow.
			if len(w.b)-w.next < 8 || !w.skipFilling(w.b[w.next]) {
				return false
			}
		case recordType:
			w.typePlaces++
			w.typeBytes += int64(r.size)
			w.next += align8(r.size)
		default:
			if !w.resync(what == recordCut) {
				return false
			}
		}
	}
}

// skipFilling moves next past bytes of one value to a record behind them, if there
// is one. Else nothing but filling is left, which should not be there either.
func (w *walker) skipFilling(v byte) bool {
	from, at := w.next, w.next
	for at < len(w.b) && w.b[at] == v {
		at++
	}
	if at = at &^ 7; len(w.b)-at < 8 {
		w.fillPlaces++
		w.fillBytes += int64(len(w.b) - from)
		w.next = len(w.b)
		return false
	}
	w.next = at - 8
	ok := w.resync(false)
	w.badBytes += int64(at - 8 - from)
	return ok
}

// resync moves next to the next place that holds records in a row: two of the time
// of those before or one that ends the buffer, or else three of one time.
func (w *walker) resync(cut bool) bool {
	from := w.next
	for at := from + 8; at+8 <= len(w.b); at += 8 {
		r, what := peek(w.b, at)
		if what != recordOK || r.noTime || r.ts <= 0 {
			continue
		}
		end := at + align8(r.size)
		r2, what := peek(w.b, end)
		ok := false
		switch {
		case what == recordEnd:
			ok = w.near(r)
		case what != recordOK || r2.noTime || !nearby(r.ts, r2.ts):
		case w.near(r):
			ok = true
		default:
			r3, what := peek(w.b, end+align8(r2.size))
			ok = what == recordOK && !r3.noTime && nearby(r.ts, r3.ts)
		}
		if ok {
			w.next = at
			w.badPlaces++
			w.badBytes += int64(at - from)
			return true
		}
	}
	if cut {
		w.cutPlaces++
		w.cutBytes += int64(len(w.b) - from)
	} else {
		w.badPlaces++
		w.badBytes += int64(len(w.b) - from)
	}
	w.next = len(w.b)
	return false
}

// nearby reports whether two times are of one neighbourhood: two hours of any clock
// up to 10 GHz.
func nearby(a, b int64) bool {
	const span = 2 * 3600 * 10_000_000_000
	d := a - b
	return d > -span && d < span
}

// near guards the search against payloads that look like records: their times
// are not of the neighbourhood. Before the first record every time will do.
func (w *walker) near(r record) bool {
	return !r.noTime && (w.last == 0 || nearby(r.ts, w.last))
}

// stray looks at a record whose time is far from that of the one before. If what
// follows is no record it is none itself. If what follows is of the old time, that
// stays the time of the neighbourhood; else the clock has jumped.
func (w *walker) stray(r record) (ok, jumped bool) {
	r2, what := peek(w.b, w.next+align8(r.size))
	switch {
	case what == recordEnd || what == recordType:
		return true, false
	case what != recordOK:
		return false, false
	}
	return true, !r2.noTime && !nearby(r2.ts, w.last)
}

// report adds what was skipped to s. off is the buffer's place in the file.
func (w *walker) report(s *Stats, off int64) {
	for _, n := range []struct {
		k             DamageKind
		places, bytes int64
	}{{DamageRecord, w.badPlaces, w.badBytes}, {DamageRecordType, w.typePlaces, w.typeBytes}, {DamageRecordCut, w.cutPlaces, w.cutBytes}, {DamageUnwritten, w.fillPlaces, w.fillBytes}} {
		if n.places > 0 {
			s.note(n.k, off, n.bytes)
			s.damage[n.k].Count += n.places - 1
		}
	}
}
