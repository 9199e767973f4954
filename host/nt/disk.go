package nt

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/godtrace/godtrace/format/bcd"
	"github.com/godtrace/godtrace/format/pe"
	"github.com/godtrace/godtrace/format/regf"
)

// madeUpTime is the time stamp of files that are made up.
var madeUpTime = time.Date(2024, 3, 1, 9, 0, 0, 0, time.UTC)

// madeUpStore makes a BCD store with one loader entry that inherits the usual
// settings.
func madeUpStore(on bool) ([]byte, error) {
	h, err := regf.New("NewStoreRoot", 3, madeUpTime)
	if err != nil {
		return nil, err
	}
	s, err := bcd.New(h)
	if err != nil {
		return nil, err
	}
	const loader = "{c34b751a-ff09-11d9-8c69-0050563c0001}"
	id, err := bcd.ParseGUID(loader)
	if err != nil {
		return nil, err
	}
	var errs []error
	add := func(id bcd.GUID, t bcd.ObjectType, inherit string) bcd.Object {
		o, err := s.Add(id, t)
		errs = append(errs, err)
		if err == nil && inherit != "" {
			errs = append(errs, o.Set(bcd.Inherit, regf.MultiString, regf.EncodeStrings([]string{inherit})))
		}
		return o
	}
	mgr := add(bcd.BootMgr, bcd.TypeBootMgr, "")
	add(bcd.GlobalSettings, bcd.TypeInheritAny, "")
	add(bcd.BootLoaderSettings, bcd.TypeInheritOSLoader, bcd.GlobalSettings.String())
	o := add(id, bcd.TypeOSLoader, bcd.BootLoaderSettings.String())
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	err = errors.Join(
		mgr.Set(bcd.DefaultObject, regf.String, regf.EncodeString(loader)),
		o.Set(bcd.Description, regf.String, regf.EncodeString("Windows (model)")),
		o.Set(bcd.SystemRoot, regf.String, regf.EncodeString(`\Windows`)))
	if on {
		err = errors.Join(err, o.SetBool(bcd.DtraceEnabled, true))
	}
	return h.Seal(madeUpTime), err
}

// Paths in the SYSTEM hive.
const (
	extensionsPath = `Control\Session Manager\ApiSetSchemaExtensions`
	guardPath      = `Control\DeviceGuard`
)

// madeUp are files made in memory: real in form, so that the loader reads them
// as it reads a disk.
type madeUp struct {
	hive    *regf.Hive
	content map[string][]byte // by lower-case name
}

func newMadeUp(cfg BootConfig) (*madeUp, error) {
	h, err := regf.New("ROOT", 5, madeUpTime)
	if err != nil {
		return nil, err
	}
	m := &madeUp{content: map[string][]byte{}}
	dword := func(path, name string, v byte) {
		k, e := h.Create(path)
		if e == nil {
			e = k.SetValue(name, regf.DWord, []byte{v, 0, 0, 0})
		}
		err = errors.Join(err, e)
	}
	dword("Select", "Current", 1)
	dword(`ControlSet001\`+guardPath, "Present", 1)
	if !cfg.NoSchema {
		k, e := h.Create(`ControlSet001\` + extensionsPath + `\dtrace`)
		if e == nil {
			e = errors.Join(k.SetValue("Name", regf.String, regf.EncodeString("dtrace")),
				k.SetValue("FileName", regf.String, regf.EncodeString("ApiSetSchemaDTrace.dll")))
		}
		err = errors.Join(err, e)
		set := pe.APISet{Name: "dtrace.sys", Hashed: len("dtrace.sys"), Values: []pe.APISetValue{{Value: pe.TraceContract}}}
		m.content["apisetschemadtrace.dll"] = pe.Build(pe.Image{DLL: true, Name: "ApiSetSchemaDTrace.dll", APISet: pe.BuildAPISet([]pe.APISet{set})})
	}
	if !cfg.NoService {
		dword(`ControlSet001\Services\dtrace`, "Type", 1)
		dword(`ControlSet001\Services\dtrace`, "Start", 2)
	}
	build := cfg.Build
	if build == 0 {
		build = 19041
	}
	v := pe.Version{Major: 10, Build: uint16(min(build, 65535)), Revision: 1}
	m.content["ntoskrnl.exe"] = pe.Build(pe.Image{Name: "ntoskrnl.exe", Exports: []string{"NtBuildNumber"}, Version: &v})
	if !cfg.NoDriver {
		m.content["dtrace.sys"] = pe.Build(pe.Image{Name: "dtrace.sys", Exports: []string{"TraceInitSystem"}, Version: &v})
	}
	if err != nil {
		return nil, err
	}
	m.hive, err = regf.Parse(h.Seal(madeUpTime))
	return m, err
}

func (m *madeUp) real() bool { return false }

func (m *madeUp) read(name string) ([]byte, string, error) {
	b, ok := m.content[strings.ToLower(name)]
	if !ok {
		return nil, "", fmt.Errorf("%s: %w", name, os.ErrNotExist)
	}
	return b, name + " (made up)", nil
}

func (m *madeUp) traceHost() (string, string, error) {
	return traceHost(m.hive, "ControlSet001", m.read)
}

func (m *madeUp) kernel() ([]byte, string, error) { return m.read("ntoskrnl.exe") }

func (m *madeUp) driver(name string) ([]byte, string, error) { return m.read(name) }

func (m *madeUp) service() (bool, string) { return service(m.hive, "ControlSet001") }

func (m *madeUp) vbs() (bool, string) { return vbs(m.hive, "ControlSet001") }

// traceHost reads the schema extensions that the registry names.
func traceHost(h *regf.Hive, control string, read func(string) ([]byte, string, error)) (host, from string, err error) {
	path := control + `\` + extensionsPath
	k, err := h.Open(path)
	if err != nil {
		return "", "", fmt.Errorf("no key %s in the SYSTEM hive", path)
	}
	subs, err := k.Subkeys()
	if err != nil {
		return "", "", fmt.Errorf("%s: %w", path, err)
	}
	why := []string{}
	for i, s := range subs {
		if i == 64 {
			break
		}
		v, err := s.Value("FileName")
		if err != nil {
			why = append(why, fmt.Sprintf("%s: %v", s.Name(), err))
			continue
		}
		img, file, err := read(v.Text())
		if err != nil {
			why = append(why, fmt.Sprintf("%s: %v", s.Name(), err))
			continue
		}
		host, err := schemaOf(img)
		if err != nil {
			why = append(why, fmt.Sprintf("%s: %s: %v", s.Name(), file, err))
			continue
		}
		return host, file, nil
	}
	if len(why) == 0 {
		why = append(why, "no extension is registered")
	}
	return "", "", fmt.Errorf("%s: %s", path, strings.Join(why, "; "))
}

func schemaOf(img []byte) (string, error) {
	f, err := pe.Parse(img)
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
	host := pe.TraceHost(sets)
	if host == "" {
		return "", fmt.Errorf("gives %s no host", pe.TraceContract)
	}
	return host, nil
}

func dword(h *regf.Hive, path, name string) (uint64, bool) {
	k, err := h.Open(path)
	if err != nil {
		return 0, false
	}
	v, err := k.Value(name)
	if err != nil {
		return 0, false
	}
	return v.Uint()
}

func service(h *regf.Hive, control string) (bool, string) {
	n, ok := dword(h, control+`\Services\dtrace`, "Start")
	switch {
	case !ok:
		return false, "no Services\\dtrace"
	case n == 4:
		return false, "Services\\dtrace is disabled"
	}
	return true, ""
}

func vbs(h *regf.Hive, control string) (bool, string) {
	const name = "EnableVirtualizationBasedSecurity"
	if n, ok := dword(h, control+`\`+guardPath, name); ok {
		return n == 1, fmt.Sprintf("%s is %d", name, n)
	}
	return false, name + " is not set"
}

// volume is a mounted or copied Windows volume.
type volume struct {
	root, system string
	hive         *regf.Hive
	control      string
}

func newVolume(root string) (*volume, error) {
	v := &volume{root: root, system: "Windows"}
	p, err := find(root, v.system+`\System32\config\SYSTEM`)
	if err != nil {
		return nil, fmt.Errorf("SYSTEM hive: %w", err)
	}
	l, err := regf.Load(regf.OS{}, p)
	if err != nil {
		return nil, err
	}
	if l.Err != nil {
		return nil, l.Err
	}
	v.hive = l.Hive
	n, ok := dword(v.hive, "Select", "Current")
	if !ok || n == 0 || n > 999 {
		return nil, fmt.Errorf("%s: no Select\\Current from 1 to 999", p)
	}
	v.control = fmt.Sprintf("ControlSet%03d", n)
	return v, nil
}

func (v *volume) real() bool { return true }

// read takes a file from System32 or its folder of drivers.
func (v *volume) read(name string) ([]byte, string, error) {
	base := name[strings.LastIndexAny(name, `\/`)+1:]
	var first error
	for _, dir := range []string{`\System32\`, `\System32\drivers\`} {
		p, err := find(v.root, v.system+dir+base)
		if err != nil {
			if first == nil {
				first = err
			}
			continue
		}
		st, err := os.Stat(p)
		if err != nil {
			return nil, "", err
		}
		if !st.Mode().IsRegular() || st.Size() > 256<<20 {
			return nil, "", fmt.Errorf("%s: not a regular file of at most 256 MiB", p)
		}
		b, err := os.ReadFile(p)
		return b, p, err
	}
	return nil, "", first
}

func (v *volume) traceHost() (string, string, error) { return traceHost(v.hive, v.control, v.read) }

func (v *volume) kernel() ([]byte, string, error) { return v.read("ntoskrnl.exe") }

func (v *volume) driver(name string) ([]byte, string, error) { return v.read(name) }

func (v *volume) service() (bool, string) { return service(v.hive, v.control) }

func (v *volume) vbs() (bool, string) { return vbs(v.hive, v.control) }
