package regf

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/xml"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// xmlNode is what hivexml (of hivex) prints for a key.
type xmlNode struct {
	Name   string     `xml:"name,attr"`
	Nodes  []xmlNode  `xml:"node"`
	Values []xmlValue `xml:"value"`
}

type xmlValue struct {
	Type     string   `xml:"type,attr"`
	Encoding string   `xml:"encoding,attr"`
	Key      string   `xml:"key,attr"`
	Value    string   `xml:"value,attr"`
	Strings  []string `xml:"string"`
}

// hivexDump gives the keys and values as hivex reads them.
func hivexDump(t *testing.T, path string) []string {
	t.Helper()
	out, err := exec.Command("hivexml", path).Output()
	if err != nil {
		t.Fatalf("hivexml: %v", err)
	}
	var top struct {
		Root xmlNode `xml:"node"`
	}
	if err := xml.Unmarshal(out, &top); err != nil {
		t.Fatal(err)
	}
	var lines []string
	var walk func(n xmlNode, path string)
	walk = func(n xmlNode, path string) {
		lines = append(lines, path+`\`)
		for _, v := range n.Values {
			lines = append(lines, fmt.Sprintf(`%s\%s=%s`, path, v.Key, xmlText(t, v)))
		}
		for _, c := range n.Nodes {
			walk(c, path+`\`+c.Name)
		}
	}
	walk(top.Root, "")
	sort.Strings(lines)
	return lines
}

func xmlText(t *testing.T, v xmlValue) string {
	if v.Encoding == "base64" {
		b, err := base64.StdEncoding.DecodeString(v.Value)
		if err != nil {
			t.Fatal(err)
		}
		if v.Type == "string" || v.Type == "string-list" {
			return fmt.Sprintf("%q", Value{Data: b}.Text())
		}
		return fmt.Sprintf("%x", b)
	}
	switch v.Type {
	case "string-list":
		for i, x := range v.Strings { // hivex goes on after the empty string that ends the list
			if x == "" {
				v.Strings = v.Strings[:i]
				break
			}
		}
		return fmt.Sprintf("%q", v.Strings)
	case "string":
		return fmt.Sprintf("%q", v.Value)
	}
	return v.Value
}

// ourDump gives the same from our reader.
func ourDump(t *testing.T, h *Hive) []string {
	t.Helper()
	var lines []string
	var walk func(k Key, path string)
	walk = func(k Key, path string) {
		lines = append(lines, path+`\`)
		vals, err := k.Values()
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range vals {
			text := fmt.Sprintf("%x", v.Data)
			switch v.Type {
			case String:
				text = fmt.Sprintf("%q", v.Text())
			case MultiString:
				text = fmt.Sprintf("%q", v.Texts())
			case DWord:
				text = fmt.Sprint(int32(binary.LittleEndian.Uint32(v.Data)))
			}
			lines = append(lines, fmt.Sprintf(`%s\%s=%s`, path, v.Name, text))
		}
		subs, err := k.Subkeys()
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range subs {
			walk(s, path+`\`+s.Name())
		}
	}
	root, err := h.Root()
	if err != nil {
		t.Fatal(err)
	}
	walk(root, "")
	sort.Strings(lines)
	return lines
}

func need(t *testing.T, tool, pkg string) {
	t.Helper()
	if _, err := exec.LookPath(tool); err != nil {
		t.Skipf("%s is not installed (Debian package %s)", tool, pkg)
	}
}

// written gives hives that went through our writer, by name.
func written(t *testing.T) map[string]*Hive {
	out := map[string]*Hive{}
	many := newHive(t, 5)
	for i := 0; i < 1200; i++ {
		set(t, create(t, many, fmt.Sprintf(`Many\k%04d`, i*7%1200)), "v", Binary, bytes.Repeat([]byte{byte(i)}, i%50))
	}
	out["many"] = many
	small := newHive(t, 3)
	set(t, create(t, small, `A\B`), "s", String, EncodeString("text"))
	set(t, create(t, small, `A\B`), "m", MultiString, EncodeStrings([]string{"x", "yy"}))
	set(t, create(t, small, `A\B`), "d", DWord, []byte{0xFF, 0xFF, 0xFF, 0xFF})
	out["small"] = small
	return out
}

// TestHivex holds our reading and writing against hivex, hive by hive.
func TestHivex(t *testing.T) {
	need(t, "hivexml", "libhivex-bin")
	hives := written(t)
	t.Run("fixtures", func(t *testing.T) {
		for name, b := range fixtures(t) {
			h, err := Parse(b)
			if err != nil {
				continue // the log
			}
			hives[name] = h
			c := h.Clone()
			c.SetTime(epoch)
			objs, _ := c.Open("Objects")
			list, _ := objs.Subkeys()
			for i, o := range list {
				e, err := o.Subkey("Elements")
				if err != nil {
					t.Fatal(err)
				}
				k, err := e.CreateKey("26000145")
				if err != nil {
					t.Fatal(err)
				}
				set(t, k, "Element", Binary, []byte{byte(i % 2)})
				if i%3 == 2 {
					if err := e.DeleteKey("26000145"); err != nil {
						t.Fatal(err)
					}
				}
			}
			hives[name+" with the switch"] = c
		}
	})
	for name, h := range hives {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "hive")
			if err := os.WriteFile(path, sound(t, h).Bytes(), 0o600); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(ourDump(t, h), hivexDump(t, path)); diff != "" {
				t.Errorf("we and hivex read differently: %s", diff)
			}
		})
	}
}

// TestReglookup lets a third reader list keys and the switch.
func TestReglookup(t *testing.T) {
	need(t, "reglookup", "reglookup")
	h := newHive(t, 3)
	for i := 0; i < 30; i++ {
		k := create(t, h, fmt.Sprintf(`Objects\o%02d\Elements\26000145`, i))
		set(t, k, "Element", Binary, []byte{1})
	}
	path := filepath.Join(t.TempDir(), "hive")
	os.WriteFile(path, h.Seal(epoch), 0o600)
	out, err := exec.Command("reglookup", "-H", path).Output()
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < 30; i++ {
		want := fmt.Sprintf("/Objects/o%02d/Elements/26000145/Element,BINARY,%%01,", i)
		if !strings.Contains(string(out), want) {
			t.Errorf("reglookup does not list %s", want)
		}
	}
	if n := strings.Count(string(out), ",KEY,"); n != 92 {
		t.Errorf("reglookup lists %d keys, want 92", n)
	}
}
