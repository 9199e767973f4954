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

// doctor carries what the layers learn from each other.
type doctor struct {
	v      volume
	opt    Options
	r      *Report
	system string // system directory below the root, mostly Windows

	store     *bcd.Store
	entry     bcd.Object
	hive      *regf.Hive // SYSTEM
	hiveErr   error
	control   string // "ControlSet001"
	host      string // image that a schema names for the trace contract
	imagePath string // of the service, relative to the root; empty: not known
	machine   uint16 // of the kernel
}

// stores are where a BCD store is on an EFI and on a BIOS system.
var stores = []string{`EFI\Microsoft\Boot\BCD`, `Boot\BCD`}

// boot looks at the switch.
func (d *doctor) boot() {
	path := d.opt.Store
	if path == "" {
		for _, s := range stores {
			if p, err := d.v.find(s); err == nil {
				path = p
				break
			}
		}
	}
	if path == "" {
		d.add(LayerSwitch, StatusUnknown, "look at the store on the EFI system partition: dtrace boot get --store EFI/Microsoft/Boot/BCD",
			"no BCD store on the volume (%s)", strings.Join(stores, ", "))
		return
	}
	remedy := "dtrace boot set on --store " + path
	l, err := regf.Load(regf.OS{}, path)
	if err == nil {
		_, err = damaged(l)
	}
	if err == nil {
		d.store, err = bcd.Open(l.Hive)
	}
	if err != nil {
		d.add(LayerSwitch, StatusFail, "restore the store from a backup, or make it anew with bcdboot", "%s: %s", path, joined(err))
		return
	}
	if l.Err != nil {
		d.note("%s", joined(l.Err))
	} else if l.Recovery.Dirty {
		d.note("%s was not written to its end; %s", path, replayed(l.Recovery))
	}
	o, err := d.store.Default()
	if err != nil {
		list, ferr := d.store.Find("all")
		if ferr != nil {
			d.add(LayerSwitch, StatusFail, "make the boot entry with bcdboot", "%s: %s", path, joined(err))
			return
		}
		o = list[0]
		d.note("%s: %v; looking at %s", path, err, o.ID)
	}
	d.entry = o
	if e, err := o.Element(bcd.SystemRoot); err == nil {
		if s, err := e.Text(); err == nil && strings.Trim(s, `\`) != "" {
			if _, err := d.v.find(s); err == nil {
				d.system = strings.Trim(s, `\`)
			}
		}
	}
	if bcd.DtraceEnabled.Name(o.Type) != "dtrace" {
		d.add(LayerSwitch, StatusFail, "choose an entry of Windows as default (bcdedit /default)", "default entry %s has type %08x, want an OS loader", o.ID, uint32(o.Type))
		return
	}
	st, notes, err := state(d.store, o)
	for _, n := range notes {
		d.note("%s", n)
	}
	name := d.store.Show(o.ID)
	if st.Description != "" {
		name += fmt.Sprintf(" %q", st.Description)
	}
	switch {
	case err != nil:
		d.add(LayerSwitch, StatusFail, remedy, "%s: %v", path, err)
	case !st.Dtrace.Set:
		d.add(LayerSwitch, StatusFail, remedy, "dtrace is not set in %s of %s", name, path)
	case !st.Dtrace.Enabled:
		d.add(LayerSwitch, StatusFail, remedy, "dtrace is off in %s of %s", name, path)
	default:
		d.add(LayerSwitch, StatusOK, "", "dtrace is on in %s of %s", name, path)
	}
}

// registry opens the SYSTEM hive and finds the control set in use.
func (d *doctor) registry() {
	path, err := d.v.find(d.system + `\System32\config\SYSTEM`)
	if err != nil {
		d.hiveErr = err
		return
	}
	l, err := regf.Load(regf.OS{}, path)
	if err != nil {
		d.hiveErr = err
		return
	}
	if l.Err != nil {
		d.note("%s", joined(l.Err))
	} else if l.Recovery.Dirty {
		d.note("%s was not written to its end; %s", path, replayed(l.Recovery))
	}
	sel, err := l.Hive.Open("Select")
	if err != nil {
		d.hiveErr = fmt.Errorf("%s: %w", path, err)
		return
	}
	v, err := sel.Value("Current")
	if err != nil {
		d.hiveErr = fmt.Errorf("%s: %w", path, err)
		return
	}
	n, ok := v.Uint()
	if !ok || n == 0 || n > 999 {
		d.hiveErr = fmt.Errorf("%s: Select\\Current is %s % x, want a REG_DWORD from 1 to 999", path, regf.TypeName(v.Type), v.Data)
		return
	}
	d.hive, d.control = l.Hive, fmt.Sprintf("ControlSet%03d", n)
	if _, err := d.hive.Open(d.control); err != nil {
		d.hive, d.hiveErr = nil, fmt.Errorf("%s: %w", path, err)
	}
}

// noHive adds the finding of a layer that needs the SYSTEM hive; it reports whether there is none.
func (d *doctor) noHive(layer string) bool {
	if d.hive != nil {
		return false
	}
	remedy := "mount the volume that holds Windows, or restore the SYSTEM hive from a backup"
	status := StatusFail
	if errors.Is(d.hiveErr, fs.ErrNotExist) {
		status, remedy = StatusUnknown, "name the root of the volume that holds Windows"
	}
	d.add(layer, status, remedy, "SYSTEM hive: %s", joined(d.hiveErr))
	return true
}

const installRemedy = "install DTrace on Windows (DTrace.msi; in Windows Server 2025 and later it is part of the system)"

// maxExtensions bounds how many registered extensions are read; real systems have a handful.
const maxExtensions = 64

// schema looks for the API-set schema that gives the contract of TraceInitSystem a host: the
// system's own, or an extension named in the registry.
func (d *doctor) schema() {
	if b, p, err := d.v.read(d.system + `\System32\apisetschema.dll`); err == nil {
		host, err := schemaHost(b)
		if err == nil && host != "" {
			d.host = host
			d.add(LayerSchema, StatusOK, "", "%s gives %s the host %s", d.v.rel(p), pe.TraceContract, host)
			return
		}
	}
	if d.noHive(LayerSchema) {
		return
	}
	path := d.control + `\Control\Session Manager\ApiSetSchemaExtensions`
	k, err := d.hive.Open(path)
	if err != nil {
		if errors.Is(err, regf.ErrNotFound) {
			d.add(LayerSchema, StatusFail, installRemedy, "no key %s in the SYSTEM hive", path)
			return
		}
		d.add(LayerSchema, StatusFail, installRemedy, "%s: %s", path, joined(err))
		return
	}
	subs, err := k.Subkeys()
	var why []string
	if err != nil {
		why = append(why, joined(err))
	}
	for i, s := range subs {
		if i == maxExtensions {
			why = append(why, fmt.Sprintf("%d more extensions were not looked at", len(subs)-i))
			break
		}
		host, where, err := d.extension(s)
		if err != nil {
			why = append(why, fmt.Sprintf("%s: %s", s.Name(), joined(err)))
			continue
		}
		d.host = host
		d.add(LayerSchema, StatusOK, "", "extension %s (%s) gives %s the host %s", s.Name(), where, pe.TraceContract, host)
		return
	}
	if len(why) == 0 {
		why = []string{"no extension is registered"}
	}
	d.add(LayerSchema, StatusFail, installRemedy, "%s: %s", path, strings.Join(why, "; "))
}

// extension reads one registered schema extension.
func (d *doctor) extension(k regf.Key) (host, where string, err error) {
	v, err := k.Value("FileName")
	if err != nil {
		return "", "", err
	}
	name := v.Text()
	if name == "" || v.Type != regf.String && v.Type != regf.ExpandString {
		return "", "", fmt.Errorf("FileName is %s %q, want the name of a DLL in System32", regf.TypeName(v.Type), name)
	}
	b, p, err := d.v.read(d.winPath(name, `System32`))
	if err != nil {
		return "", "", err
	}
	host, err = schemaHost(b)
	if err != nil {
		return "", "", fmt.Errorf("%s: %w", d.v.rel(p), err)
	}
	if host == "" {
		return "", "", fmt.Errorf("%s does not give %s a host", d.v.rel(p), pe.TraceContract)
	}
	return host, d.v.rel(p), nil
}

func schemaHost(b []byte) (string, error) {
	f, err := pe.Parse(b)
	if err != nil {
		return "", err
	}
	s := f.Section(".apiset")
	if s == nil {
		return "", errors.New("no section .apiset")
	}
	data, err := f.Data(s)
	if err != nil {
		return "", err
	}
	sets, err := pe.ParseAPISet(data)
	if err != nil {
		return "", err
	}
	return pe.TraceHost(sets), nil
}

// winPath turns a path of the registry into one below the root: \SystemRoot\, %SystemRoot%\ and
// \??\C:\ are taken off, a bare name is looked for in dir of the system directory.
func (d *doctor) winPath(s, dir string) string {
	low := strings.ToLower(s)
	for _, p := range []string{`\systemroot\`, `%systemroot%\`, `%windir%\`} {
		if strings.HasPrefix(low, p) {
			return d.system + `\` + s[len(p):]
		}
	}
	if strings.HasPrefix(low, `\??\`) {
		s = s[4:]
	}
	if len(s) > 2 && s[1] == ':' {
		return strings.TrimLeft(s[2:], `\`)
	}
	if strings.HasPrefix(s, `\`) {
		return strings.TrimLeft(s, `\`)
	}
	if strings.Contains(s, `\`) {
		return d.system + `\` + s
	}
	return d.system + `\` + dir + `\` + s
}
