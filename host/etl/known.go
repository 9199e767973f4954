package etl

import (
	"fmt"
	"strings"

	"github.com/godtrace/godtrace/format/etl"
	"github.com/godtrace/godtrace/format/etl/schema"
)

// Providers of Windows whose events are described here, for the many traces that
// hold them without a description.
var (
	kernelNetwork = etl.MustGUID("7dd42a49-5329-4832-8dfd-43d979153a88")
	kernelProcess = etl.MustGUID("22fb2cd6-0e7b-422b-a0c7-2fad1fd0e716")
)

// knownEvents lists events, a line each: id, version, task, opcode, fields. They
// are facts of the providers' manifests.
var knownEvents = []struct {
	name string
	guid etl.GUID
	text string
}{
	{"Microsoft-Windows-Kernel-Network", kernelNetwork, `
		10 0 TcpSend - PID:pid size:u32 daddr:ip4 saddr:ip4 dport:port sport:port startime:u32 endtime:u32 seqnum:u32 connid:ptr
		11 0 TcpReceive - PID:pid size:u32 daddr:ip4 saddr:ip4 dport:port sport:port seqnum:u32 connid:ptr
		12 0 TcpConnect - PID:pid size:u32 daddr:ip4 saddr:ip4 dport:port sport:port mss:u16 sackopt:u16 tsopt:u16 wsopt:u16 rcvwin:u32 rcvwinscale:i16 sndwinscale:i16 seqnum:u32 connid:ptr
		13 0 TcpDisconnect - PID:pid size:u32 daddr:ip4 saddr:ip4 dport:port sport:port seqnum:u32 connid:ptr
		14 0 TcpRetransmit - PID:pid size:u32 daddr:ip4 saddr:ip4 dport:port sport:port seqnum:u32 connid:ptr
		15 0 TcpAccept - PID:pid size:u32 daddr:ip4 saddr:ip4 dport:port sport:port mss:u16 sackopt:u16 tsopt:u16 wsopt:u16 rcvwin:u32 rcvwinscale:i16 sndwinscale:i16 seqnum:u32 connid:ptr
		16 0 TcpReconnect - PID:pid size:u32 daddr:ip4 saddr:ip4 dport:port sport:port seqnum:u32 connid:ptr
		17 0 TcpFail - Proto:u16 FailureCode:u16
		18 0 TcpCopy - PID:pid size:u32 daddr:ip4 saddr:ip4 dport:port sport:port seqnum:u32 connid:ptr
		26 0 TcpSend - PID:pid size:u32 daddr:ip6 saddr:ip6 dport:port sport:port startime:u32 endtime:u32 seqnum:u32 connid:ptr
		27 0 TcpReceive - PID:pid size:u32 daddr:ip6 saddr:ip6 dport:port sport:port seqnum:u32 connid:ptr
		28 0 TcpConnect - PID:pid size:u32 daddr:ip6 saddr:ip6 dport:port sport:port mss:u16 sackopt:u16 tsopt:u16 wsopt:u16 rcvwin:u32 rcvwinscale:i16 sndwinscale:i16 seqnum:u32 connid:ptr
		29 0 TcpDisconnect - PID:pid size:u32 daddr:ip6 saddr:ip6 dport:port sport:port seqnum:u32 connid:ptr
		30 0 TcpRetransmit - PID:pid size:u32 daddr:ip6 saddr:ip6 dport:port sport:port seqnum:u32 connid:ptr
		31 0 TcpAccept - PID:pid size:u32 daddr:ip6 saddr:ip6 dport:port sport:port mss:u16 sackopt:u16 tsopt:u16 wsopt:u16 rcvwin:u32 rcvwinscale:i16 sndwinscale:i16 seqnum:u32 connid:ptr
		32 0 TcpReconnect - PID:pid size:u32 daddr:ip6 saddr:ip6 dport:port sport:port seqnum:u32 connid:ptr
		34 0 TcpCopy - PID:pid size:u32 daddr:ip6 saddr:ip6 dport:port sport:port seqnum:u32 connid:ptr
		42 0 UdpSend - PID:pid size:u32 daddr:ip4 saddr:ip4 dport:port sport:port seqnum:u32 connid:ptr
		43 0 UdpReceive - PID:pid size:u32 daddr:ip4 saddr:ip4 dport:port sport:port seqnum:u32 connid:ptr
		49 0 UdpFail - Proto:u16 FailureCode:u16
		58 0 UdpSend - PID:pid size:u32 daddr:ip6 saddr:ip6 dport:port sport:port seqnum:u32 connid:ptr
		59 0 UdpReceive - PID:pid size:u32 daddr:ip6 saddr:ip6 dport:port sport:port seqnum:u32 connid:ptr`},
	{"Microsoft-Windows-Kernel-Process", kernelProcess, `
		1 0 ProcessStart Start ProcessID:pid CreateTime:ftime ParentProcessID:pid SessionID:u32 ImageName:wstr
		1 1 ProcessStart Start ProcessID:pid CreateTime:ftime ParentProcessID:pid SessionID:u32 Flags:u32 ImageName:wstr
		1 2 ProcessStart Start ProcessID:pid CreateTime:ftime ParentProcessID:pid SessionID:u32 Flags:u32 ImageName:wstr ImageChecksum:x32 TimeDateStamp:x32 PackageFullName:wstr PackageRelativeAppId:wstr
		1 3 ProcessStart Start ProcessID:pid ProcessSequenceNumber:u64 CreateTime:ftime ParentProcessID:pid ParentProcessSequenceNumber:u64 SessionID:u32 Flags:u32 ProcessTokenElevationType:u32 ProcessTokenIsElevated:u32 MandatoryLabel:sid ImageName:wstr ImageChecksum:x32 TimeDateStamp:x32 PackageFullName:wstr PackageRelativeAppId:wstr
		2 0 ProcessStop Stop ProcessID:pid CreateTime:ftime ExitTime:ftime ExitCode:u32 TokenElevationType:u32 HandleCount:u32 CommitCharge:u64 CommitPeak:u64 ImageName:astr
		2 1 ProcessStop Stop ProcessID:pid CreateTime:ftime ExitTime:ftime ExitCode:u32 TokenElevationType:u32 HandleCount:u32 CommitCharge:u64 CommitPeak:u64 CPUCycleCount:u64 ReadOperationCount:u32 WriteOperationCount:u32 ReadTransferKiloBytes:u32 WriteTransferKiloBytes:u32 HardFaultCount:u32 ImageName:astr
		2 2 ProcessStop Stop ProcessID:pid ProcessSequenceNumber:u64 CreateTime:ftime ExitTime:ftime ExitCode:u32 TokenElevationType:u32 HandleCount:u32 CommitCharge:u64 CommitPeak:u64 CPUCycleCount:u64 ReadOperationCount:u32 WriteOperationCount:u32 ReadTransferKiloBytes:u32 WriteTransferKiloBytes:u32 HardFaultCount:u32 ImageName:astr
		3 0 ThreadStart Start ProcessID:pid ThreadID:tid StackBase:ptr StackLimit:ptr UserStackBase:ptr UserStackLimit:ptr StartAddr:ptr Win32StartAddr:ptr TebBase:ptr
		3 1 ThreadStart Start ProcessID:pid ThreadID:tid StackBase:ptr StackLimit:ptr UserStackBase:ptr UserStackLimit:ptr StartAddr:ptr Win32StartAddr:ptr TebBase:ptr SubProcessTag:u32
		4 0 ThreadStop Stop ProcessID:pid ThreadID:tid StackBase:ptr StackLimit:ptr UserStackBase:ptr UserStackLimit:ptr StartAddr:ptr Win32StartAddr:ptr TebBase:ptr
		4 1 ThreadStop Stop ProcessID:pid ThreadID:tid StackBase:ptr StackLimit:ptr UserStackBase:ptr UserStackLimit:ptr StartAddr:ptr Win32StartAddr:ptr TebBase:ptr SubProcessTag:u32 CycleTime:u64
		5 0 ImageLoad - ImageBase:ptr ImageSize:ptr ProcessID:pid ImageCheckSum:x32 TimeDateStamp:x32 DefaultBase:ptr ImageName:wstr
		6 0 ImageUnload - ImageBase:ptr ImageSize:ptr ProcessID:pid ImageCheckSum:x32 TimeDateStamp:x32 DefaultBase:ptr ImageName:wstr
		7 0 CpuBasePriorityChange - ProcessID:pid ThreadID:tid OldPriority:u8 NewPriority:u8
		8 0 CpuPriorityChange - ProcessID:pid ThreadID:tid OldPriority:u8 NewPriority:u8
		9 0 PagePriorityChange - ProcessID:pid ThreadID:tid OldPriority:u8 NewPriority:u8
		10 0 IoPriorityChange - ProcessID:pid ThreadID:tid OldPriority:u8 NewPriority:u8`},
}

// knownTypes are the words for types above.
var knownTypes = map[string]schema.Field{
	"u8": {In: schema.UInt8}, "u16": {In: schema.UInt16}, "i16": {In: schema.Int16}, "u32": {In: schema.UInt32}, "x32": {In: schema.HexInt32},
	"u64": {In: schema.UInt64}, "ptr": {In: schema.Pointer}, "pid": {In: schema.UInt32, Out: schema.OutPID}, "tid": {In: schema.UInt32, Out: schema.OutTID},
	"ftime": {In: schema.FileTime}, "wstr": {In: schema.UTF16}, "astr": {In: schema.ANSI}, "sid": {In: schema.SID},
	"ip4": {In: schema.UInt32, Out: schema.OutIPv4}, "ip6": {In: schema.Binary, Out: schema.OutIPv6, Length: 16}, "port": {In: schema.UInt16, Out: schema.OutPort},
}

// addKnown tells the decoder of the events above.
func (h *Host) addKnown() {
	for _, p := range knownEvents {
		var events []*schema.Schema
		for _, line := range strings.Split(strings.TrimSpace(p.text), "\n") {
			events = append(events, knownEvent(strings.Fields(line)))
		}
		h.dec.AddDefault(p.name, p.guid, events)
	}
}

func knownEvent(f []string) *schema.Schema {
	s := &schema.Schema{Task: f[2], Opcode: f[3]}
	if s.Opcode == "-" {
		s.Opcode = ""
	}
	if n, err := fmt.Sscan(f[0]+" "+f[1], &s.ID, &s.Version); n != 2 {
		panic(fmt.Sprintf("BUG: known event %v: %v", f, err))
	}
	for _, w := range f[4:] {
		name, typ, _ := strings.Cut(w, ":")
		fd, ok := knownTypes[typ]
		if !ok {
			panic("BUG: known event has a field " + w)
		}
		fd.Name, fd.CountField, fd.LengthField = name, schema.NoField, schema.NoField
		s.Fields = append(s.Fields, fd)
	}
	return s
}
