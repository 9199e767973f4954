// Package regf reads and writes Windows registry hives: the "regf" files that hold the SYSTEM
// hive and the boot configuration data (BCD) stores.
//
// A hive is a 4,096-byte base block followed by bins, each a multiple of 4,096 bytes, each a
// 32-byte header and a chain of cells. A cell is a signed 32-bit size (negative: in use,
// positive: free) and a payload; every reference between records is the offset of a cell from
// the first bin. Records: nk (key), vk (value), lf/lh/li (leaf lists of sub-keys), ri (list of
// leaves), sk (security descriptor, shared, reference counted), db (value data in segments).
//
// [Parse] takes the bytes as they are; [Recover] first replays transaction logs of both formats
// (the dirty-page bitmap of Windows 2000 to 8, and the log entries of Windows 8.1 and later).
// Edits work in memory on one [Hive] and touch only the cells that have to change; [Hive.Seal]
// gives the file image with sequence numbers, time stamp and checksum of a finished write.
// [Load] and [Save] do this for a file, so that at any moment the old or the new hive is on disk.
//
// Nothing in a hive is trusted: sizes, offsets, counts, cycles and depth are checked, and no
// input makes the package panic or allocate more than a small multiple of the input's size.
// The package does not model volatile keys, transactional registry files (CLFS) or symbolic
// links, and it reads but never changes hives older than version 1.3.
package regf
