package bootcfg

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/godtrace/godtrace/format/bcd"
	"github.com/godtrace/godtrace/format/pe"
	"github.com/godtrace/godtrace/format/regf"
)

// startNames are the start types of services.
var startNames = []string{"boot", "system", "automatic", "on demand", "disabled"}

// service looks at the service key of the driver, whose DriverEntry makes the devices that the
// command line tool opens.
func (d *doctor) service() {
	if d.noHive(LayerService) {
		return
	}
	path := d.control + `\Services\dtrace`
	k, err := d.hive.Open(path)
	if err != nil {
		d.add(LayerService, StatusFail, installRemedy, "%s", joined(err))
		return
	}
	num := func(name string) (uint64, error) {
		v, err := k.Value(name)
		if err != nil {
			return 0, err
		}
		n, ok := v.Uint()
		if !ok {
			return 0, fmt.Errorf("%s is %s of %d bytes, want REG_DWORD", name, regf.TypeName(v.Type), len(v.Data))
		}
		return n, nil
	}
	if v, err := k.Value("ImagePath"); err == nil && v.Text() != "" {
		d.imagePath = d.winPath(v.Text(), `System32\drivers`)
	} else {
		d.imagePath = d.system + `\System32\drivers\dtrace.sys`
	}
	typ, err := num("Type")
	if err != nil {
		d.add(LayerService, StatusFail, installRemedy, "%s: %v", path, err)
		return
	}
	if typ != 1 {
		d.add(LayerService, StatusFail, installRemedy, "%s: Type is %d, want 1 (kernel driver)", path, typ)
		return
	}
	start, err := num("Start")
	switch {
	case err != nil:
		d.add(LayerService, StatusFail, "sc config dtrace start= auto", "%s: %v", path, err)
	case start > 4:
		d.add(LayerService, StatusFail, "sc config dtrace start= auto", "%s: Start is %d, want 0 to 4", path, start)
	case start == 4:
		d.add(LayerService, StatusFail, "sc config dtrace start= auto", "%s: the service is disabled (Start is 4)", path)
	case start == 3:
		d.add(LayerService, StatusOK, "", "%s starts on demand", path)
		d.note("the service dtrace starts on demand: sc start dtrace before the first use")
	default:
		d.add(LayerService, StatusOK, "", "%s, start type %s", path, startNames[start])
	}
}

// kernel reads the version and machine of the kernel.
func (d *doctor) kernel() (v pe.Version, where string, err error) {
	b, p, err := d.v.read(d.system + `\System32\ntoskrnl.exe`)
	if err != nil {
		return v, "", err
	}
	f, err := pe.Parse(b)
	if err != nil {
		return v, p, fmt.Errorf("%s: %w", d.v.rel(p), err)
	}
	d.machine = f.Machine
	v, err = f.FileVersion()
	if err != nil {
		return v, p, fmt.Errorf("%s: %w", d.v.rel(p), err)
	}
	return v, d.v.rel(p), nil
}

// file looks at the images: the one that the service starts, and the host of the contract.
func (d *doctor) file() {
	d.kernel() // for the machine; what is wrong with it is the layer build's to say
	path := d.imagePath
	if path == "" {
		path = d.system + `\System32\drivers\dtrace.sys`
	}
	host := d.host
	if host == "" {
		host = "dtrace.sys"
	}
	base := path[strings.LastIndexByte(path, '\\')+1:]
	exports, detail, err := d.driver(path)
	if err == nil && !strings.EqualFold(base, host) {
		// The contract is another image's part (traceext.sys in the first previews).
		exports, detail, err = d.driver(d.system + `\System32\drivers\` + host)
		if errors.Is(err, fs.ErrNotExist) {
			exports, detail, err = d.driver(d.system + `\System32\` + host)
		}
	}
	if err != nil {
		d.add(LayerFile, StatusFail, installRemedy, "%s", joined(err))
		return
	}
	for _, e := range exports {
		if e == "TraceInitSystem" {
			d.add(LayerFile, StatusOK, "", "%s", detail)
			return
		}
	}
	d.add(LayerFile, StatusFail, installRemedy, "%s does not export TraceInitSystem, which the kernel imports", detail)
}

func (d *doctor) driver(path string) (exports []string, detail string, err error) {
	b, p, err := d.v.read(path)
	if err != nil {
		return nil, "", err
	}
	rel := d.v.rel(p)
	f, err := pe.Parse(b)
	if err != nil {
		return nil, "", fmt.Errorf("%s: %w", rel, err)
	}
	if d.machine != 0 && f.Machine != d.machine {
		return nil, "", fmt.Errorf("%s is for machine %#x, the kernel for %#x", rel, f.Machine, d.machine)
	}
	if f.Subsystem != pe.SubsystemNative {
		return nil, "", fmt.Errorf("%s has subsystem %d, want %d (driver)", rel, f.Subsystem, pe.SubsystemNative)
	}
	exports, err = f.Exports()
	if err != nil {
		return nil, "", fmt.Errorf("%s: %w", rel, err)
	}
	detail = rel
	if v, err := f.FileVersion(); err == nil {
		detail += " version " + v.String()
	}
	return exports, detail, nil
}

// Builds at which the kernel's interface changed. The kernel compares its build with a constant
// that is not public; these are the documented ones.
const (
	buildFirst  = 18342 // first preview with DTrace (table of 1903)
	buildModern = 19041 // Windows 10 2004: count of call-outs, MmEnumerateSystemImages
)

// build compares the kernel's build.
func (d *doctor) build() {
	v, where, err := d.kernel()
	remedy := fmt.Sprintf("install Windows 10 2004 (build %d) or later", buildModern)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		d.add(LayerBuild, StatusUnknown, "name the root of the volume that holds Windows", "%s", joined(err))
	case err != nil:
		d.add(LayerBuild, StatusFail, "repair the system files (sfc /scannow)", "%s", joined(err))
	case v.Build < buildFirst:
		d.add(LayerBuild, StatusFail, remedy, "%s has build %d, want at least %d", where, v.Build, buildFirst)
	case v.Build < buildModern:
		d.add(LayerBuild, StatusOK, "", "%s has build %d (interface of 1903)", where, v.Build)
		d.note("build %d: without a kernel debugger only user-mode callers fire probes (enable value 1)", v.Build)
	default:
		d.add(LayerBuild, StatusOK, "", "%s has build %d", where, v.Build)
	}
}

// vbs looks at what lets fbt patch the kernel.
func (d *doctor) vbs() {
	opt := func(t bcd.ElementType) (bcd.Element, bool) {
		if d.store == nil || bcd.DtraceEnabled.Name(d.entry.Type) != "dtrace" {
			return bcd.Element{}, false
		}
		f, err := d.store.Effective(d.entry, t)
		return f.Element, err == nil
	}
	if e, ok := opt(bcd.KernelDebug); ok {
		if on, err := e.Bool(); err == nil && on {
			d.add(LayerVBS, StatusOK, "", "a kernel debugger is set up (debug is Yes in the boot entry)")
			return
		}
	}
	if e, ok := opt(bcd.HypervisorLaunchType); ok {
		if n, err := e.Int(); err == nil && n == 0 {
			d.add(LayerVBS, StatusLimited, "bcdedit /set hypervisorlaunchtype auto", "the hypervisor does not start (hypervisorlaunchtype is Off), and fbt needs it")
			return
		}
	}
	if e, ok := opt(bcd.VSMLaunchType); ok {
		if n, err := e.Int(); err == nil && n == 0 {
			d.add(LayerVBS, StatusLimited, "bcdedit /set vsmlaunchtype auto", "virtual secure mode does not start (vsmlaunchtype is Off), and fbt needs it")
			return
		}
	}
	if d.hive == nil {
		d.add(LayerVBS, StatusUnknown, "name the root of the volume that holds Windows", "SYSTEM hive: %s", joined(d.hiveErr))
		return
	}
	key := d.control + `\Control\DeviceGuard`
	remedy := `reg add HKLM\SYSTEM\CurrentControlSet\Control\DeviceGuard /v EnableVirtualizationBasedSecurity /t REG_DWORD /d 1`
	const name = "EnableVirtualizationBasedSecurity"
	hvci := key + `\Scenarios\HypervisorEnforcedCodeIntegrity`
	for _, at := range []struct{ key, value string }{{key, name}, {hvci, "Enabled"}} {
		if n, ok := d.dword(at.key, at.value); ok && n == 1 {
			d.add(LayerVBS, StatusOK, "", `%s\%s is 1`, at.key, at.value)
			return
		}
	}
	if n, ok := d.dword(key, name); ok {
		d.add(LayerVBS, StatusLimited, remedy, `%s\%s is %d, and fbt needs virtualization-based security or a kernel debugger`, key, name, n)
		return
	}
	d.add(LayerVBS, StatusLimited, remedy, `%s\%s is not set, and fbt needs virtualization-based security or a kernel debugger`, key, name)
}

func (d *doctor) dword(key, value string) (uint64, bool) {
	k, err := d.hive.Open(key)
	if err != nil {
		return 0, false
	}
	v, err := k.Value(value)
	if err != nil {
		return 0, false
	}
	return v.Uint()
}
