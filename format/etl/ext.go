package etl

// ItemType is the kind of an extended item (EVENT_HEADER_EXT_TYPE_*).
type ItemType uint16

// The extended item types.
const (
	ItemRelatedActivity ItemType = 1  // GUID
	ItemSID             ItemType = 2  // security identifier
	ItemTSID            ItemType = 3  // u32 terminal session
	ItemInstance        ItemType = 4  // u32 instance, u32 parent, GUID
	ItemStack32         ItemType = 5  // u64 match id, u32 addresses
	ItemStack64         ItemType = 6  // u64 match id, u64 addresses
	ItemPEBS            ItemType = 7  // u64
	ItemPMC             ItemType = 8  // u64 counters
	ItemPSMKey          ItemType = 9  // u64
	ItemEventKey        ItemType = 10 // u64
	ItemSchema          ItemType = 11 // TraceLogging metadata
	ItemTraits          ItemType = 12 // provider name and traits
	ItemProcessStartKey ItemType = 13 // u64
	ItemControlGUID     ItemType = 14 // GUID
	ItemQPCDelta        ItemType = 15 // u64
	ItemContainerID     ItemType = 16 // GUID
	ItemStackKey32      ItemType = 17 // u64 match id, u32 stack key
	ItemStackKey64      ItemType = 18 // u64 match id, u64 stack key
)

// Items steps through extended items. The zero value with Rest set to an
// event's Ext is ready.
type Items struct {
	// Rest is what is still to come.
	Rest []byte
	// Type and Data are the item that Next found; Data is a view.
	Type ItemType
	Data []byte
}

// Items returns an iterator over the event's extended items.
func (e *Event) Items() Items { return Items{Rest: e.Ext} }

// Next steps to the next item and reports whether there is one.
//
//	item: | size u16 | type u16 | linkage u16 | data size u16 | data, padded |
func (it *Items) Next() bool {
	b := it.Rest
	if len(b) < 8 {
		return false
	}
	size, n := int(u16(b, 0)), int(u16(b, 6))
	if size < 8 || size > len(b) || n > size-8 {
		it.Rest = nil
		return false
	}
	it.Type, it.Data = ItemType(u16(b, 2)), b[8:8+n:8+n]
	if u16(b, 4)&1 == 0 {
		it.Rest = nil
	} else {
		it.Rest = b[min(align8(size), len(b)):]
	}
	return true
}

// Item returns the data of the first item of a type, nil if there is none.
func (e *Event) Item(t ItemType) []byte {
	for it := e.Items(); it.Next(); {
		if it.Type == t {
			return it.Data
		}
	}
	return nil
}

// itemsLen returns how many bytes of b the extended items take. A chain that
// breaks is taken as far as it goes.
func itemsLen(b []byte) int {
	at := 0
	for len(b)-at >= 8 {
		size, n := int(u16(b, at)), int(u16(b, at+6))
		if size < 8 || size > len(b)-at || n > size-8 {
			return at
		}
		more := u16(b, at+4)&1 != 0
		at += align8(size)
		if at >= len(b) {
			return len(b)
		}
		if !more {
			return at
		}
	}
	return at
}
