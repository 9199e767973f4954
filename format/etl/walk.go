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
			} else {
				w.last = r.ts
			}
			w.at, w.rec = w.next, r
			w.next += align8(r.size)
			return true
		case recordEnd:
			// Zeros inside the valid bytes are a record that was reserved and never
			// written; more may follow. All ones fill the rest of a buffer.
			if len(w.b)-w.next < 16 || u32(w.b, w.next) != 0 || !w.skipZeros() {
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

// skipZeros moves next past zeros to a record behind them, if there is one.
func (w *walker) skipZeros() bool {
	at := w.next
	for at+8 <= len(w.b) && u64(w.b, at) == 0 {
		at += 8
	}
	if len(w.b)-at < 16 {
		return false
	}
	from, places, bytes, cuts, cut := w.next, w.badPlaces, w.badBytes, w.cutPlaces, w.cutBytes
	if w.next = at - 8; w.resync(false) {
		w.badBytes = bytes + int64(w.next-from)
		return true
	}
	// Nothing but padding.
	w.badPlaces, w.badBytes, w.cutPlaces, w.cutBytes = places, bytes, cuts, cut
	return false
}

// resync moves next to the next place that holds two records in a row, or one
// that ends the buffer.
func (w *walker) resync(cut bool) bool {
	from := w.next
	for at := from + 8; at+8 <= len(w.b); at += 8 {
		r, what := peek(w.b, at)
		if what != recordOK || !w.near(r) {
			continue
		}
		end := at + align8(r.size)
		r2, what := peek(w.b, end)
		if what == recordEnd || what == recordOK && w.near(r2) {
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

// near guards the search against payloads that look like records: their times
// are not of the neighbourhood. Before the first record every time will do.
func (w *walker) near(r record) bool {
	if r.noTime {
		return false
	}
	if w.last == 0 {
		return r.ts > 0
	}
	d := r.ts - w.last
	// Two hours of any clock up to 10 GHz.
	const span = 2 * 3600 * 10_000_000_000
	return d > -span && d < span
}

// report adds what was skipped to s. off is the buffer's place in the file.
func (w *walker) report(s *Stats, off int64) {
	for _, n := range []struct {
		k             DamageKind
		places, bytes int64
	}{{DamageRecord, w.badPlaces, w.badBytes}, {DamageRecordType, w.typePlaces, w.typeBytes}, {DamageRecordCut, w.cutPlaces, w.cutBytes}} {
		if n.places > 0 {
			s.note(n.k, off, n.bytes)
			s.damage[n.k].Count += n.places - 1
		}
	}
}
