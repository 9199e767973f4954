package regf

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"time"
)

// Seal returns the file image of a finished write at the time now: both sequence numbers one
// above the higher of the two, the time stamp in the base block and its copy in the first bin,
// and the checksum. The hive itself takes on the same state.
func (h *Hive) Seal(now time.Time) []byte {
	b := h.Base()
	seq := b.Seq1
	if int32(b.Seq2-seq) > 0 {
		seq = b.Seq2
	}
	if ft := TimeToFiletime(now); ft != 0 {
		binary.LittleEndian.PutUint64(h.data[offTime:], ft)
		binary.LittleEndian.PutUint64(h.data[baseSize+20:], ft)
	}
	finish(h.data, seq+1)
	return bytes.Clone(h.data)
}

// defaultSecurity is the descriptor of keys in a hive made by New: owner and group
// Administrators, full access for Administrators and SYSTEM, inherited by sub-keys.
var defaultSecurity = func() []byte {
	admins := []byte{1, 2, 0, 0, 0, 0, 0, 5, 32, 0, 0, 0, 32, 2, 0, 0} // S-1-5-32-544
	system := []byte{1, 1, 0, 0, 0, 0, 0, 5, 18, 0, 0, 0}              // S-1-5-18
	ace := func(sid []byte) []byte {
		b := []byte{0, 2} // allowed, container inherit
		b = binary.LittleEndian.AppendUint16(b, uint16(8+len(sid)))
		b = binary.LittleEndian.AppendUint32(b, 0xF003F) // KEY_ALL_ACCESS
		return append(b, sid...)
	}
	aces := append(ace(admins), ace(system)...)
	acl := []byte{2, 0}
	acl = binary.LittleEndian.AppendUint16(acl, uint16(8+len(aces)))
	acl = append(acl, 2, 0, 0, 0)
	acl = append(acl, aces...)
	sd := []byte{1, 0, 4, 0x80} // revision, DACL present, self-relative
	owner := uint32(20 + len(acl))
	sd = binary.LittleEndian.AppendUint32(sd, owner)
	sd = binary.LittleEndian.AppendUint32(sd, owner+uint32(len(admins)))
	sd = binary.LittleEndian.AppendUint32(sd, 0)
	sd = binary.LittleEndian.AppendUint32(sd, 20)
	sd = append(sd, acl...)
	sd = append(sd, admins...)
	return append(sd, admins...)
}()

// New makes an empty hive: a root key called root, one bin, version 1.minor (3 to 6). BCD stores
// use 3 and the root name NewStoreRoot, the SYSTEM hive 5 and ROOT. The time stamps are now's.
func New(root string, minor uint32, now time.Time) (*Hive, error) {
	u := units(root)
	if len(u) == 0 || len(u) > 255 {
		return nil, fmt.Errorf("new hive: name of root has %d characters, want 1 to 255", len(u))
	}
	if minor < 3 || minor > 6 {
		return nil, fmt.Errorf("new hive: version is 1.%d, want 1.3 to 1.6", minor)
	}
	le := binary.LittleEndian
	data := make([]byte, baseSize+pageSize)
	copy(data, "regf")
	le.PutUint32(data[offSeq1:], 1)
	le.PutUint32(data[offSeq2:], 1)
	le.PutUint32(data[offMajor:], 1)
	le.PutUint32(data[offMinor:], minor)
	le.PutUint32(data[offFormat:], 1)
	le.PutUint32(data[offRoot:], binHead)
	le.PutUint32(data[offBins:], pageSize)
	le.PutUint32(data[offCluster:], 1)
	le.PutUint64(data[offTime:], TimeToFiletime(now))
	p := data[baseSize:]
	copy(p, "hbin")
	le.PutUint32(p[8:], pageSize)
	le.PutUint64(p[20:], TimeToFiletime(now))
	le.PutUint32(p[binHead:], pageSize-binHead)
	le.PutUint32(data[offChecksum:], Checksum(data))
	h, err := parse(data)
	if err != nil {
		return nil, err
	}
	h.SetTime(now)
	name, latin1 := encodeName(u)
	off, err := h.alloc(nkName + len(name))
	if err != nil {
		return nil, err
	}
	sk, err := h.alloc(20 + len(defaultSecurity))
	if err != nil {
		return nil, err
	}
	s := h.bin(sk)[4:]
	copy(s, "sk")
	le.PutUint32(s[4:], sk)
	le.PutUint32(s[8:], sk)
	le.PutUint32(s[12:], 1)
	le.PutUint32(s[16:], uint32(len(defaultSecurity)))
	copy(s[20:], defaultSecurity)
	h.initKey(off, none, sk, name, latin1)
	nk := h.bin(off)[4:]
	le.PutUint16(nk[nkFlags:], le.Uint16(nk[nkFlags:])|flagRoot|flagNoDelete)
	le.PutUint32(nk[nkParent:], 0)
	le.PutUint32(h.data[offRoot:], off)
	le.PutUint32(h.data[offChecksum:], Checksum(h.data))
	return h, nil
}

// Create returns the key at path below the root, making the keys that are missing.
func (h *Hive) Create(path string) (Key, error) {
	k, err := h.Root()
	if err != nil {
		return Key{}, err
	}
	for _, name := range splitPath(path) {
		next, err := k.Subkey(name)
		if err != nil {
			if next, err = k.CreateKey(name); err != nil {
				return Key{}, fmt.Errorf("create %q: %w", path, err)
			}
		}
		k = next
	}
	return k, nil
}
