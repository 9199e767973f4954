package engine

// specState is the state of one speculation, as DTrace has them. Commit and
// discard take effect where the clause's record says so, in the consumer; what
// the states decide here is who may still add to a speculation and when its id is
// free again.
type specState uint8

const (
	specInactive       specState = iota // free
	specActive                          // given out, no data yet
	specActiveOne                       // data on one CPU
	specActiveMany                      // data on several CPUs
	specCommittingMany                  // committed; other CPUs' data is not yet drained
	specDiscarding                      // discarded likewise
)

// speculation is one of nspec. The session's shared lock guards it.
type speculation struct {
	state specState
	cpu   int      // of specActiveOne
	used  []uint64 // bytes by CPU
}

// specs are a session's speculations; ids count from 1.
type specs struct {
	size uint64 // bytes a speculation may hold on each CPU
	list []speculation
}

func newSpecs(n int, size uint64, cpus int) specs {
	s := specs{size: size, list: make([]speculation, n)}
	for i := range s.list {
		s.list[i].used = make([]uint64, cpus)
	}
	return s
}

func (s *specs) get(id uint64) *speculation {
	if id == 0 || id > uint64(len(s.list)) {
		return nil
	}
	return &s.list[id-1]
}

// alloc returns a free speculation's id, or 0. busy says that some are only
// waiting for the consumer.
func (s *specs) alloc() (id uint64, busy bool) {
	for i := range s.list {
		switch sp := &s.list[i]; sp.state {
		case specInactive:
			sp.state = specActive
			return uint64(i + 1), false
		case specCommittingMany, specDiscarding:
			busy = true
		}
	}
	return 0, busy
}

// speculate prepares a record of size bytes on a CPU. active says that the
// speculation takes records, full that there is no room for this one.
func (s *specs) speculate(id uint64, cpu, size int) (active, full bool) {
	sp := s.get(id)
	if sp == nil || sp.state < specActive || sp.state > specActiveMany {
		return false, false
	}
	if sp.used[cpu]+uint64(size) > s.size {
		return true, true
	}
	switch {
	case sp.state == specActive:
		sp.state, sp.cpu = specActiveOne, cpu
	case sp.state == specActiveOne && sp.cpu != cpu:
		sp.state = specActiveMany
	}
	return true, false
}

// charge counts a record that was added.
func (s *specs) charge(id uint64, cpu, size int) {
	if sp := s.get(id); sp != nil {
		sp.used[cpu] += uint64(size)
	}
}

// end commits or discards a speculation. With data on no other CPU it is free at
// once; else when the consumer has drained all. ok is false if there is none of
// that number.
func (s *specs) end(id uint64, cpu int, commit bool) (ok bool) {
	sp := s.get(id)
	if sp == nil {
		return id == 0
	}
	switch {
	case sp.state == specActive, sp.state == specActiveOne && sp.cpu == cpu:
		sp.release()
	case sp.state != specActiveOne && sp.state != specActiveMany:
	case commit:
		sp.state = specCommittingMany
	default:
		sp.state = specDiscarding
	}
	return true
}

// ended returns the ids that clean may free once everything in the buffers has
// been drained.
func (s *specs) ended() (ids []int) {
	for i := range s.list {
		if st := s.list[i].state; st == specCommittingMany || st == specDiscarding {
			ids = append(ids, i)
		}
	}
	return ids
}

func (s *specs) clean(ids []int) {
	for _, i := range ids {
		s.list[i].release()
	}
}

func (sp *speculation) release() {
	sp.state = specInactive
	clear(sp.used)
}
