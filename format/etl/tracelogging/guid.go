package tracelogging

import (
	"crypto/sha1"
	"strings"
	"unicode/utf16"

	"github.com/godtrace/godtrace/format/etl"
)

// guidSpace is the name space of provider GUIDs, 482c2db2-c390-47c8-87f8-1a15bfc130fb,
// in network order.
var guidSpace = [16]byte{0x48, 0x2c, 0x2d, 0xb2, 0xc3, 0x90, 0x47, 0xc8, 0x87, 0xf8, 0x1a, 0x15, 0xbf, 0xc1, 0x30, 0xfb}

func nameGUID(name string) etl.GUID {
	b := append([]byte(nil), guidSpace[:]...)
	for _, u := range utf16.Encode([]rune(strings.ToUpper(name))) {
		b = append(b, byte(u>>8), byte(u))
	}
	h := sha1.Sum(b)
	h[7] = h[7]&0x0F | 0x50
	return etl.GUID(h[:16])
}
