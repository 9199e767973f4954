package bootcfg

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/godtrace/godtrace/format/bcd"
	"github.com/godtrace/godtrace/format/pe"
	"github.com/godtrace/godtrace/format/regf"
)

// tree is a Windows volume on which DTrace works, to be damaged one layer at a time.
type tree struct {
	t    *testing.T
	root string
}

func newTree(t *testing.T) *tree {
	tr := &tree{t, t.TempDir()}
	tr.put("EFI/Microsoft/Boot/BCD", makeStore(t))
	tr.boot("set", "on")
	tr.system(func(h *regf.Hive) {
		tr.num(h, `Select`, "Current", 2)
		tr.num(h, `Select`, "Default", 1)
		tr.num(h, `ControlSet001\Services\dtrace`, "Start", 4) // not the set in use
		tr.str(h, `ControlSet002\Control\Session Manager\ApiSetSchemaExtensions\DTrace`, "Name", "dtrace")
		tr.str(h, `ControlSet002\Control\Session Manager\ApiSetSchemaExtensions\DTrace`, "FileName", "DTraceSchema.dll")
		tr.num(h, `ControlSet002\Services\dtrace`, "Type", 1)
		tr.num(h, `ControlSet002\Services\dtrace`, "Start", 2)
		tr.num(h, `ControlSet002\Services\dtrace`, "ErrorControl", 1)
		tr.str(h, `ControlSet002\Services\dtrace`, "ImagePath", `\SystemRoot\system32\DRIVERS\dtrace.sys`)
		tr.num(h, `ControlSet002\Control\DeviceGuard`, "EnableVirtualizationBasedSecurity", 1)
	})
	tr.put("Windows/System32/ntoskrnl.exe", pe.Build(pe.Image{Name: "ntoskrnl.exe", Exports: []string{"KeSetTracepoint"}, Version: &pe.Version{Major: 10, Build: 19041, Revision: 985}}))
	tr.put("Windows/System32/dtraceschema.DLL", schema([]pe.APISet{{Name: "dtrace.sys", Values: []pe.APISetValue{{Value: pe.TraceContract}}}}))
	tr.driver(pe.Image{})
	return tr
}

func schema(sets []pe.APISet) []byte {
	return pe.Build(pe.Image{DLL: true, APISet: pe.BuildAPISet(sets)})
}

func (tr *tree) put(name string, b []byte) {
	tr.t.Helper()
	p := filepath.Join(tr.root, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
		tr.t.Fatal(err)
	}
	if err := os.WriteFile(p, b, 0o644); err != nil {
		tr.t.Fatal(err)
	}
}

func (tr *tree) remove(name string) {
	tr.t.Helper()
	if err := os.Remove(filepath.Join(tr.root, filepath.FromSlash(name))); err != nil {
		tr.t.Fatal(err)
	}
}

func (tr *tree) driver(im pe.Image) {
	if im.Exports == nil {
		im.Exports = []string{"TraceInitSystem", "TraceRegisterEngine"}
	}
	im.Name, im.Version = "dtrace.sys", &pe.Version{Major: 10, Build: 19041, Revision: 1}
	tr.put("Windows/System32/drivers/dtrace.sys", pe.Build(im))
}

func (tr *tree) boot(args ...string) {
	tr.t.Helper()
	if code, _, errs := boot(append(args, "--store", filepath.Join(tr.root, "EFI/Microsoft/Boot/BCD"))...); code != 0 {
		tr.t.Fatal(errs)
	}
}

// element sets an element of the default loader.
func (tr *tree) element(e bcd.ElementType, data []byte) {
	tr.t.Helper()
	p := filepath.Join(tr.root, "EFI/Microsoft/Boot/BCD")
	l, err := regf.Load(regf.OS{}, p)
	if err != nil {
		tr.t.Fatal(err)
	}
	s, err := bcd.Open(l.Hive)
	if err != nil {
		tr.t.Fatal(err)
	}
	o, err := s.Default()
	if err != nil {
		tr.t.Fatal(err)
	}
	if err := o.Set(e, regf.Binary, data); err != nil {
		tr.t.Fatal(err)
	}
	tr.put("EFI/Microsoft/Boot/BCD", l.Hive.Seal(epoch))
}

const systemHive = "Windows/System32/config/SYSTEM"

// system edits the SYSTEM hive, which is made when it is not there.
func (tr *tree) system(edit func(h *regf.Hive)) {
	tr.t.Helper()
	h, err := regf.New("ROOT", 5, epoch)
	if b, rerr := os.ReadFile(filepath.Join(tr.root, systemHive)); rerr == nil {
		h, err = regf.Parse(b)
	}
	if err != nil {
		tr.t.Fatal(err)
	}
	edit(h)
	tr.put(systemHive, h.Seal(epoch))
}

func (tr *tree) key(h *regf.Hive, path string) regf.Key {
	tr.t.Helper()
	k, err := h.Create(path)
	if err != nil {
		tr.t.Fatal(err)
	}
	return k
}

func (tr *tree) num(h *regf.Hive, path, name string, n uint32) {
	tr.t.Helper()
	if err := tr.key(h, path).SetValue(name, regf.DWord, binary.LittleEndian.AppendUint32(nil, n)); err != nil {
		tr.t.Fatal(err)
	}
}

func (tr *tree) str(h *regf.Hive, path, name, v string) {
	tr.t.Helper()
	if err := tr.key(h, path).SetValue(name, regf.String, regf.EncodeString(v)); err != nil {
		tr.t.Fatal(err)
	}
}

func (tr *tree) del(h *regf.Hive, path, name string) {
	tr.t.Helper()
	if err := tr.key(h, path).DeleteKey(name); err != nil {
		tr.t.Fatal(err)
	}
}

const (
	set2   = `ControlSet002`
	smgr   = set2 + `\Control\Session Manager`
	svc    = set2 + `\Services\dtrace`
	guard  = set2 + `\Control\DeviceGuard`
	extKey = smgr + `\ApiSetSchemaExtensions\DTrace`
)

func TestDoctor(t *testing.T) {
	tests := []struct {
		name   string
		edit   func(tr *tree)
		first  string // layer named, "" when all is well
		status string
		want   string // in its detail
	}{
		{"all well", func(tr *tree) {}, "", "", ""},
		{"switch off", func(tr *tree) { tr.boot("set", "off") }, LayerSwitch, StatusFail, "dtrace is off"},
		{"switch not set", func(tr *tree) { tr.boot("delete") }, LayerSwitch, StatusFail, "not set"},
		{"switch and schema", func(tr *tree) { tr.boot("set", "off"); tr.remove("Windows/System32/dtraceschema.DLL") }, LayerSwitch, StatusFail, "off"},
		{"store damaged", func(tr *tree) { tr.put("EFI/Microsoft/Boot/BCD", []byte("no store")) }, LayerSwitch, StatusFail, "BCD"},
		{"no store", func(tr *tree) { tr.remove("EFI/Microsoft/Boot/BCD") }, LayerSwitch, StatusUnknown, "no BCD store"},
		{"no store, and a failing layer", func(tr *tree) {
			tr.remove("EFI/Microsoft/Boot/BCD")
			tr.remove("Windows/System32/drivers/dtrace.sys")
		}, LayerFile, StatusFail, "dtrace.sys"},
		{"no schema key", func(tr *tree) {
			tr.system(func(h *regf.Hive) { tr.del(h, smgr, "ApiSetSchemaExtensions") })
		}, LayerSchema, StatusFail, "ApiSetSchemaExtensions"},
		{"no extension", func(tr *tree) {
			tr.system(func(h *regf.Hive) { tr.del(h, smgr+`\ApiSetSchemaExtensions`, "DTrace") })
		}, LayerSchema, StatusFail, "no extension is registered"},
		{"schema file missing", func(tr *tree) { tr.remove("Windows/System32/dtraceschema.DLL") }, LayerSchema, StatusFail, "DTraceSchema.dll"},
		{"schema file no image", func(tr *tree) { tr.put("Windows/System32/dtraceschema.DLL", []byte("text")) }, LayerSchema, StatusFail, "MZ"},
		{"schema without section", func(tr *tree) { tr.put("Windows/System32/dtraceschema.DLL", pe.Build(pe.Image{})) }, LayerSchema, StatusFail, "no section .apiset"},
		{"schema of something else", func(tr *tree) {
			tr.put("Windows/System32/dtraceschema.DLL", schema([]pe.APISet{{Name: "other.sys", Values: []pe.APISetValue{{Value: "ext-ms-win-ntos-tm-l1-1-0"}}}}))
		}, LayerSchema, StatusFail, "does not give ext-ms-win-ntos-trace"},
		{"no file name", func(tr *tree) {
			tr.system(func(h *regf.Hive) { tr.str(h, extKey, "FileName", "") })
		}, LayerSchema, StatusFail, "FileName"},
		{"second extension serves", func(tr *tree) {
			tr.system(func(h *regf.Hive) {
				tr.str(h, smgr+`\ApiSetSchemaExtensions\Another`, "FileName", "missing.dll")
			})
		}, "", "", ""},
		{"in the system's own schema", func(tr *tree) {
			tr.system(func(h *regf.Hive) { tr.del(h, smgr, "ApiSetSchemaExtensions") })
			tr.put("Windows/System32/apisetschema.dll", schema([]pe.APISet{{Name: pe.TraceContract, Hashed: 26, Values: []pe.APISetValue{{Value: "dtrace.sys"}}}}))
		}, "", "", ""},
		{"no service", func(tr *tree) {
			tr.system(func(h *regf.Hive) { tr.del(h, set2+`\Services`, "dtrace") })
		}, LayerService, StatusFail, "dtrace"},
		{"service disabled", func(tr *tree) { tr.system(func(h *regf.Hive) { tr.num(h, svc, "Start", 4) }) }, LayerService, StatusFail, "disabled"},
		{"service is no driver", func(tr *tree) { tr.system(func(h *regf.Hive) { tr.num(h, svc, "Type", 16) }) }, LayerService, StatusFail, "Type is 16"},
		{"service start odd", func(tr *tree) { tr.system(func(h *regf.Hive) { tr.num(h, svc, "Start", 77) }) }, LayerService, StatusFail, "Start is 77"},
		{"service on demand", func(tr *tree) { tr.system(func(h *regf.Hive) { tr.num(h, svc, "Start", 3) }) }, "", "", ""},
		{"service in the other control set", func(tr *tree) { tr.system(func(h *regf.Hive) { tr.num(h, `Select`, "Current", 1) }) }, LayerSchema, StatusFail, "ControlSet001"},
		{"control set missing", func(tr *tree) { tr.system(func(h *regf.Hive) { tr.num(h, `Select`, "Current", 7) }) }, LayerSchema, StatusFail, "ControlSet007"},
		{"no driver", func(tr *tree) { tr.remove("Windows/System32/drivers/dtrace.sys") }, LayerFile, StatusFail, "dtrace.sys"},
		{"driver elsewhere", func(tr *tree) {
			tr.system(func(h *regf.Hive) { tr.str(h, svc, "ImagePath", `System32\other\dtrace.sys`) })
		}, LayerFile, StatusFail, "other"},
		{"driver is no image", func(tr *tree) { tr.put("Windows/System32/drivers/dtrace.sys", []byte("MZ")) }, LayerFile, StatusFail, "not a well-formed PE image"},
		{"driver for another machine", func(tr *tree) { tr.driver(pe.Image{Machine: pe.MachineARM64}) }, LayerFile, StatusFail, "machine 0xaa64"},
		{"driver is a program", func(tr *tree) { tr.driver(pe.Image{Subsystem: 3}) }, LayerFile, StatusFail, "subsystem 3"},
		{"driver without the entry", func(tr *tree) { tr.driver(pe.Image{Exports: []string{"DllInitialize"}}) }, LayerFile, StatusFail, "TraceInitSystem"},
		{"host is traceext", func(tr *tree) {
			tr.put("Windows/System32/dtraceschema.DLL", schema([]pe.APISet{{Name: "traceext.sys", Values: []pe.APISetValue{{Value: pe.TraceContract}}}}))
		}, LayerFile, StatusFail, "traceext.sys"},
		{"old build", func(tr *tree) { tr.kernel(17763) }, LayerBuild, StatusFail, "build 17763"},
		{"build of 1903", func(tr *tree) { tr.kernel(18362) }, "", "", ""},
		{"kernel without version", func(tr *tree) { tr.put("Windows/System32/ntoskrnl.exe", pe.Build(pe.Image{})) }, LayerBuild, StatusFail, "no resources"},
		{"no kernel", func(tr *tree) { tr.remove("Windows/System32/ntoskrnl.exe") }, LayerBuild, StatusUnknown, "ntoskrnl.exe"},
		{"no VBS", func(tr *tree) {
			tr.system(func(h *regf.Hive) { tr.num(h, guard, "EnableVirtualizationBasedSecurity", 0) })
		}, LayerVBS, StatusLimited, "is 0"},
		{"VBS not set", func(tr *tree) { tr.system(func(h *regf.Hive) { tr.del(h, set2+`\Control`, "DeviceGuard") }) }, LayerVBS, StatusLimited, "not set"},
		{"VBS through code integrity", func(tr *tree) {
			tr.system(func(h *regf.Hive) {
				tr.del(h, set2+`\Control`, "DeviceGuard")
				tr.num(h, guard+`\Scenarios\HypervisorEnforcedCodeIntegrity`, "Enabled", 1)
			})
		}, "", "", ""},
		{"hypervisor off", func(tr *tree) { tr.element(bcd.HypervisorLaunchType, make([]byte, 8)) }, LayerVBS, StatusLimited, "hypervisorlaunchtype is Off"},
		{"hypervisor off, debugger on", func(tr *tree) {
			tr.element(bcd.HypervisorLaunchType, make([]byte, 8))
			tr.element(bcd.KernelDebug, []byte{1})
		}, "", "", ""},
		{"SYSTEM hive damaged", func(tr *tree) { tr.put(systemHive, make([]byte, 8192)) }, LayerSchema, StatusFail, "SYSTEM"},
		{"no SYSTEM hive", func(tr *tree) { tr.remove(systemHive) }, LayerSchema, StatusUnknown, "SYSTEM"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tr := newTree(t)
			tt.edit(tr)
			var out, errs bytes.Buffer
			code := DoctorWindows(tr.root, true, &out, &errs)
			var r Report
			if err := json.Unmarshal(out.Bytes(), &r); err != nil {
				t.Fatalf("%v: %s%s", err, &out, &errs)
			}
			if r.First != tt.first || (code == 0) != (tt.first == "") {
				t.Errorf("status %d, first layer is %q, want %q: %s", code, r.First, tt.first, &out)
			}
			for _, f := range r.Findings {
				if f.Layer == tt.first && (f.Status != tt.status || !strings.Contains(f.Detail, tt.want)) {
					t.Errorf("finding %+v, want %s with %q", f, tt.status, tt.want)
				}
				if (f.Status != StatusOK) != (f.Remedy != "") || strings.Contains(f.Remedy, "\n") {
					t.Errorf("finding %+v: want one line of remedy exactly when it is not ok", f)
				}
			}
			if len(r.Findings) != 6 {
				t.Errorf("%d findings, want 6", len(r.Findings))
			}
			if want := tt.status == "" || tt.status == StatusLimited; r.Works != want {
				t.Errorf("works is %v, want %v", r.Works, want)
			}
			out.Reset()
			if c := DoctorWindows(tr.root, false, &out, &errs); c != code {
				t.Errorf("status %d as text, %d as JSON", c, code)
			}
			last := strings.TrimSpace(out.String()[strings.LastIndexByte(strings.TrimSpace(out.String()), '\n')+1:])
			switch {
			case tt.first == "" && last != "nothing found that keeps DTrace from working",
				tt.status == StatusFail && !strings.HasPrefix(last, "first layer that keeps DTrace from working: "+tt.first+":"),
				tt.status == StatusLimited && !strings.HasPrefix(last, "DTrace works, without fbt:"):
				t.Errorf("last line %q", last)
			}
		})
	}
}

func (tr *tree) kernel(build uint16) {
	tr.put("Windows/System32/ntoskrnl.exe", pe.Build(pe.Image{Version: &pe.Version{Major: 10, Build: build}}))
}

func TestDoctorRoot(t *testing.T) {
	var out, errs bytes.Buffer
	if code := DoctorWindows(filepath.Join(t.TempDir(), "none"), false, &out, &errs); code != 2 || errs.Len() == 0 {
		t.Errorf("missing root: %d %s", code, &errs)
	}
	out.Reset()
	if code := DoctorWindows(t.TempDir(), false, &out, &errs); code != 1 || !strings.Contains(out.String(), "unknown") {
		t.Errorf("empty root: %d %s", code, &out)
	}
	// The store given apart from the volume.
	tr := newTree(t)
	store := write(t, makeStore(t))
	tr.remove("EFI/Microsoft/Boot/BCD")
	r := Examine(Options{Root: tr.root, Store: store})
	if r.First != LayerSwitch || !strings.Contains(r.Findings[0].Remedy, store) {
		t.Errorf("report %+v", r)
	}
}

// TestDoctorReadsOnly: the volume is not touched.
func TestDoctorReadsOnly(t *testing.T) {
	tr := newTree(t)
	sum := func() string {
		var b bytes.Buffer
		filepath.Walk(tr.root, func(p string, st os.FileInfo, err error) error {
			if !st.IsDir() {
				c, _ := os.ReadFile(p)
				b.WriteString(p)
				b.Write(c)
			}
			return nil
		})
		return b.String()
	}
	before := sum()
	DoctorWindows(tr.root, false, new(bytes.Buffer), new(bytes.Buffer))
	if sum() != before {
		t.Error("the doctor changed the volume")
	}
}
