//go:build linux

package linux

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// cpuList reads a list of CPUs as sysfs writes it: "0-3,8".
func cpuList(s string) ([]int, error) {
	var cpus []int
	s = strings.TrimSpace(s)
	if s == "" {
		return nil, nil
	}
	for part := range strings.SplitSeq(s, ",") {
		lo, hi, ranged := strings.Cut(part, "-")
		a, err := strconv.Atoi(lo)
		b := a
		if err == nil && ranged {
			b, err = strconv.Atoi(hi)
		}
		if err != nil || a < 0 || b < a || b >= 1<<16 {
			return nil, fmt.Errorf("list of CPUs %q: want ranges like 0-3,8", s)
		}
		for c := a; c <= b; c++ {
			cpus = append(cpus, c)
		}
	}
	return cpus, nil
}

func readCPUs(name string) []int {
	data, err := os.ReadFile("/sys/devices/system/cpu/" + name)
	if err == nil {
		if cpus, err := cpuList(string(data)); err == nil && len(cpus) > 0 {
			return cpus
		}
	}
	return []int{0} // without sysfs: the CPU that every machine has
}

// onlineCPUs returns the CPUs that run now, ascending.
func onlineCPUs() []int { return readCPUs("online") }

// possibleCPUs returns the number of CPUs the kernel has made room for: one more
// than the highest number.
func possibleCPUs() int {
	cpus := readCPUs("possible")
	return cpus[len(cpus)-1] + 1
}
