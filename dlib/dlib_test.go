package dlib

import "testing"

func TestNeeded(t *testing.T) {
	for _, c := range []struct {
		use  string
		want []string
	}{
		{"curpsinfo", []string{"sched.d", "task.d", "procfs.d"}},
		{"EINTR", []string{"errno.d"}},
		{"SIGKILL", []string{"signal.d"}},
		{"fileinfo_t", []string{"io.d"}},
		{"nothing", nil},
	} {
		var got []string
		for _, l := range Needed(func(n string) bool { return n == c.use }) {
			got = append(got, l.Name)
		}
		if len(got) != len(c.want) {
			t.Errorf("%s: %v, want %v", c.use, got, c.want)
			continue
		}
		for i := range got {
			if got[i] != c.want[i] {
				t.Errorf("%s: %v, want %v", c.use, got, c.want)
			}
		}
	}
}

func TestOrder(t *testing.T) {
	seen := map[string]bool{}
	for _, l := range All() {
		for _, d := range l.Depends {
			if !seen[d] {
				t.Errorf("%s comes before %s, which it depends on", l.Name, d)
			}
		}
		if len(l.Defines) == 0 {
			t.Errorf("%s defines nothing", l.Name)
		}
		seen[l.Name] = true
	}
}
