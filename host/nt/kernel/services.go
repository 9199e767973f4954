package kernel

import (
	"fmt"
	"strings"

	"github.com/godtrace/godtrace/check"
	"github.com/godtrace/godtrace/ctype"
)

// services are the system services that the model has without being told: name
// without Nt, then one letter a parameter. They are a part of what Windows 10
// has (about 470); a workload declares others. Their numbers are their places
// here, not those of any build.
//
//	h HANDLE  H PHANDLE  u ULONG  U PULONG  a ACCESS_MASK  p PVOID  P PVOID *
//	O POBJECT_ATTRIBUTES  I PIO_STATUS_BLOCK  L PLARGE_INTEGER  S PUNICODE_STRING
//	z SIZE_T  Z PSIZE_T  b BOOLEAN  C PCLIENT_ID  q ULONGLONG  n NTSTATUS  i LONG  w USHORT
const services = `
AcceptConnectPort Hppbpp AccessCheck phap pUUp AdjustPrivilegesToken hbpupU AlertResumeThread hU AlertThread h
AlertThreadByThreadId h AllocateLocallyUniqueId p AllocateVirtualMemory hPqZuu AllocateVirtualMemoryEx hPZuupu
AlpcAcceptConnectPort HhuOppppb AlpcConnectPort HSOpupLpZpL AlpcCreatePort HOp AlpcDisconnectPort hu
AlpcQueryInformation hupuU AlpcSendWaitReceivePort huppppZL ApphelpCacheControl up AreMappedFilesTheSame pp
AssignProcessToJobObject hh CallbackReturn pun CancelIoFile hI CancelIoFileEx hpI CancelSynchronousIoFile hII
CancelTimer hp CancelTimer2 hp ClearEvent h Close h CloseObjectAuditAlarm Spb CommitTransaction hb CompareObjects hh
CompareTokens hhp CompleteConnectPort h ConnectPort HSppppUp Continue pb CreateDebugObject HaOu CreateDirectoryObject HaO
CreateEvent HaOub CreateFile HaOILuuuupu CreateIoCompletion HaOu CreateIRTimer Hpa CreateJobObject HaO CreateKey HaOuSuU
CreateKeyTransacted HaOuShU CreateLowBoxToken HhaOpupup CreateMailslotFile HuOIuuuL CreateMutant HaOb
CreateNamedPipeFile HuOIuuuuuuuuuL CreatePagingFile SLLu CreatePort HOuuu CreatePrivateNamespace HaOp CreateProcess HaOhbhhh
CreateProcessEx HaOhuhhhu CreateProfile Hhpzupuuz CreateSection HaOLuuh CreateSectionEx HaOLuuhpu CreateSemaphore HaOii
CreateSymbolicLinkObject HaOS CreateThread HaOhCppb CreateThreadEx HaOhppuzzzp CreateTimer HaOu CreateTimer2 Hppua
CreateToken HaOupLppppppp CreateTransaction HaOhhuuuLS CreateUserProcess HHaaOOuuppp CreateWaitablePort HOuuu
CreateWaitCompletionPacket HaO CreateWnfStateName pppbpup CreateWorkerFactory HaOhhppuzz DebugActiveProcess hh
DebugContinue hCn DelayExecution bL DeleteAtom w DeleteFile O DeleteKey h DeleteObjectAuditAlarm Spb DeleteValueKey hS
DeleteWnfStateData pp DeleteWnfStateName p DeviceIoControlFile hhppIupupu DisplayString S DuplicateObject hhhHauu
DuplicateToken haObuH EnumerateBootEntries pU EnumerateKey huupuU EnumerateSystemEnvironmentValuesEx upU
EnumerateValueKey huupuU ExtendSection hL FilterToken hupppH FindAtom pup FlushBuffersFile hI FlushBuffersFileEx hupuI
FlushInstructionCache hpz FlushKey h FlushProcessWriteBuffers X FlushVirtualMemory hPZI FreeUserPhysicalPages hZp
FreeVirtualMemory hPZu FsControlFile hhppIupupu GetCachedSigningLevel hUppUU GetCompleteWnfStateSubscription pppupu
GetContextThread hp GetCurrentProcessorNumber X GetDevicePowerState hp GetMlsInfo ppp GetNextProcess hauuH
GetNextThread hhauuH GetNlsSectionPtr uupPZ GetNotificationResourceManager hpuLUup GetWriteWatch hupzpZU
ImpersonateAnonymousToken h ImpersonateClientOfPort hp ImpersonateThread hhp InitializeNlsFiles PUL IsProcessInJob hh
IsSystemResumeAutomatic X LoadDriver S LoadKey OO LoadKeyEx OOuhhaHI LockFile hhppILLubb LockVirtualMemory hPZu
MakePermanentObject h MakeTemporaryObject h MapViewOfSection hhPqzLZuuu MapViewOfSectionEx hhPLZuupu NotifyChangeKey hhppIubpub
NotifyChangeDirectoryFile hhppIpuub NotifyChangeDirectoryFileEx hhppIpuubu OpenDirectoryObject HaO OpenEvent HaO
OpenFile HaOIuu OpenIoCompletion HaO OpenJobObject HaO OpenKey HaO OpenKeyEx HaOu OpenMutant HaO OpenProcess HaOC
OpenProcessToken haH OpenProcessTokenEx hauH OpenSection HaO OpenSemaphore HaO OpenSession HaO OpenSymbolicLinkObject HaO
OpenThread HaOC OpenThreadToken habH OpenThreadTokenEx habuH OpenTimer HaO PowerInformation upupu PrivilegeCheck hpp
ProtectVirtualMemory hPZuU PulseEvent hU QueryAttributesFile Op QueryDefaultLocale bU QueryDefaultUILanguage p
QueryDirectoryFile hhppIpuubSb QueryDirectoryFileEx hhppIpuuuS QueryDirectoryObject hpubbUU QueryEaFile hIpubpuUb
QueryEvent hupuU QueryFullAttributesFile Op QueryInformationAtom wupuU QueryInformationByName OIpuu QueryInformationFile hIpuu
QueryInformationJobObject hupuU QueryInformationProcess hupuU QueryInformationThread hupuU QueryInformationToken hupuU
QueryInformationWorkerFactory hupuU QueryIoCompletion hupuU QueryKey hupuU QueryLicenseValue SUpuU QueryMultipleValueKey hpupUU
QueryMutant hupuU QueryObject hupuU QueryPerformanceCounter LL QueryQuotaInformationFile hIpubpupb QuerySection hupzZ
QuerySecurityAttributesToken hpupuU QuerySecurityObject hupuU QuerySemaphore hupuU QuerySymbolicLinkObject hSU
QuerySystemEnvironmentValueEx SppUU QuerySystemInformation upuU QuerySystemInformationEx upupuU QuerySystemTime L
QueryTimer hupuU QueryTimerResolution UUU QueryValueKey hSupuU QueryVirtualMemory hpupzZ QueryVolumeInformationFile hIpuu
QueryWnfStateData ppppUp QueryWnfStateNameInformation pupp QueueApcThread hpppp QueueApcThreadEx hhpppp RaiseException ppb
RaiseHardError nuupuU ReadFile hhppIpuLU ReadFileScatter hhppIpuLU ReadOnlyEnlistment hL ReadRequestData hpupzZ
ReadVirtualMemory hppzZ RegisterThreadTerminatePort h ReleaseKeyedEvent hpbL ReleaseMutant hU ReleaseSemaphore hiU
ReleaseWorkerFactoryWorker h RemoveIoCompletion hPPIL RemoveIoCompletionEx hpuULb RemoveProcessDebug hh RenameKey hS
ReplaceKey OhO ReplyPort hp ReplyWaitReceivePort hppp ReplyWaitReceivePortEx hpppL RequestWaitReplyPort hpp ResetEvent hU
ResetWriteWatch hpz ResumeProcess h ResumeThread hU RevertContainerImpersonation X SaveKey hh SetCachedSigningLevel uuppup
SetContextThread hp SetDebugFilterState uub SetDefaultHardErrorPort h SetEaFile hIpu SetEvent hU SetEventBoostPriority h
SetHighEventPair h SetInformationDebugObject hupuU SetInformationFile hIpuu SetInformationJobObject hupu SetInformationKey hupu
SetInformationObject hupu SetInformationProcess hupu SetInformationThread hupu SetInformationToken hupu
SetInformationVirtualMemory huzppu SetInformationWorkerFactory hupu SetIoCompletion hppnz SetIoCompletionEx hhppnz
SetSecurityObject hup SetSystemEnvironmentValueEx Sppuu SetSystemInformation upu SetSystemPowerState uuu SetSystemTime LL
SetThreadExecutionState uU SetTimer hLppbiB SetTimer2 hLLp SetTimerEx hupu SetTimerResolution ubU SetValueKey hSuupu
SetVolumeInformationFile hIpuu SetWnfProcessNotificationEvent h ShutdownSystem u ShutdownWorkerFactory hp SignalAndWaitForSingleObject hhbL
StartProfile h StopProfile h SubscribeWnfStateChange pupp SuspendProcess h SuspendThread hU SystemDebugControl upupuU
TerminateJobObject hn TerminateProcess hn TerminateThread hn TestAlert X TraceControl upupuU TraceEvent hupp
TranslateFilePath pupU UnloadDriver S UnloadKey O UnloadKeyEx Oh UnlockFile hILLu UnlockVirtualMemory hPZu
UnmapViewOfSection hp UnmapViewOfSectionEx hpu UnsubscribeWnfStateChange p UpdateWnfStateData ppuppuu
WaitForAlertByThreadId pL WaitForDebugEvent hbLp WaitForKeyedEvent hpbL WaitForMultipleObjects uHubL WaitForMultipleObjects32 uHubL
WaitForSingleObject hbL WaitForWorkViaWorkerFactory hpuUp WaitHighEventPair h WaitLowEventPair h WorkerFactoryWorkerReady h
WriteFile hhppIpuLU WriteFileGather hhppIpuLU WriteRequestData hpupzZ WriteVirtualMemory hppzZ YieldExecution X
`

// letterTypes are the types behind the letters of services.
var letterTypes = map[byte]string{
	'h': "HANDLE", 'H': "PHANDLE", 'u': "ULONG", 'U': "PULONG", 'a': "ACCESS_MASK", 'p': "PVOID", 'P': "PVOID*",
	'O': "POBJECT_ATTRIBUTES", 'I': "PIO_STATUS_BLOCK", 'L': "PLARGE_INTEGER", 'S': "PUNICODE_STRING", 'z': "SIZE_T",
	'Z': "PSIZE_T", 'b': "BOOLEAN", 'B': "PVOID", 'C': "PCLIENT_ID", 'q': "ULONGLONG", 'n': "NTSTATUS", 'i': "LONG", 'w': "USHORT",
}

// Service is one system service: an entry of KiServicesTab.
type Service struct {
	Name   string // NtCreateFile
	Number uint32
	Args   int
	Hash   uint32 // of the name without Nt
	params string
	fn, zw *Function
}

// HashServiceName is the hash of a service's name without Nt by which
// KeSetSystemServiceCallback looks it up.
func HashServiceName(name string) uint32 {
	h := uint32(0)
	for i := 0; i < len(name); i++ {
		h += uint32(name[i])
		h += h << 10
		h ^= h >> 6
	}
	return h
}

// addServices fills the table with what the model knows.
func (m *Machine) addServices() error {
	f := strings.Fields(services)
	for i := 0; i < len(f); {
		name, params := f[i], ""
		for i++; i < len(f) && isParams(f[i]); i++ {
			params += f[i]
		}
		params = strings.TrimSuffix(params, "X")
		if _, err := m.AddService("Nt"+name, len(params), params); err != nil {
			return err
		}
	}
	return nil
}

// isParams tells a parameter list from the next name: names have a lower-case
// letter that is none of the parameters' or are longer.
func isParams(s string) bool {
	for i := 0; i < len(s); i++ {
		if letterTypes[s[i]] == "" && s[i] != 'X' {
			return false
		}
	}
	return true
}

// AddService adds a service with the number of its arguments; params may give
// their types. A service that is there keeps its place, if it has as many
// arguments.
func (m *Machine) AddService(name string, args int, params string) (*Service, error) {
	if !strings.HasPrefix(name, "Nt") || len(name) < 3 {
		return nil, fmt.Errorf("service %q: want a name that begins with Nt", name)
	}
	if args < 0 || args > 17 {
		return nil, fmt.Errorf("service %s has %d arguments, want 0 to 17", name, args)
	}
	if s := m.serviceByName[name]; s != nil {
		if s.Args != args {
			return nil, fmt.Errorf("service %s has %d arguments, not %d", name, s.Args, args)
		}
		return s, nil
	}
	s := &Service{Name: name, Number: uint32(len(m.Services)), Args: args, Hash: HashServiceName(name[2:]), params: params}
	if o := m.serviceByHash[s.Hash]; o != nil {
		return nil, fmt.Errorf("service %s has the hash of %s (%#08x)", name, o.Name, s.Hash)
	}
	var err error
	if s.fn, err = m.NT.Declare(name, "PAGE", 0); err != nil {
		return nil, err
	}
	if s.zw, err = m.NT.Declare("Zw"+name[2:], "", 0); err != nil {
		return nil, err
	}
	m.Services = append(m.Services, s)
	m.serviceByName[name] = s
	m.serviceByHash[s.Hash] = s
	return s, nil
}

// FindService finds a service by its name with Nt, nil if there is none.
func (m *Machine) FindService(name string) *Service { return m.serviceByName[name] }

// ServiceArgs are the typed arguments of a service's probes.
func (m *Machine) ServiceArgs(name string, entry bool) []check.Arg {
	s := m.serviceByName[name]
	if s == nil {
		return nil
	}
	if !entry {
		st := m.Types.Lookup("NTSTATUS")
		return []check.Arg{{Name: "status", Native: st, Map: 0}}
	}
	var out []check.Arg
	for i := range s.Args {
		t := m.Types.Lookup("ULONG_PTR")
		if i < len(s.params) {
			n := letterTypes[s.params[i]]
			if base, ok := strings.CutSuffix(n, "*"); ok {
				t = ctype.PtrTo(m.Types.Lookup(base))
			} else {
				t = m.Types.Lookup(n)
			}
		}
		out = append(out, check.Arg{Native: t, Map: i})
	}
	return out
}
