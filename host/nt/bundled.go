package nt

import (
	"embed"
	"sort"
	"strings"
)

//go:embed workloads/*.nt
var workloadFiles embed.FS

// BundledNames lists the workloads that need no file.
func BundledNames() []string {
	list, err := workloadFiles.ReadDir("workloads")
	if err != nil {
		panic("BUG: " + err.Error())
	}
	var out []string
	for _, e := range list {
		out = append(out, strings.TrimSuffix(e.Name(), ".nt"))
	}
	sort.Strings(out)
	return out
}

// Bundled returns the text of a bundled workload.
func Bundled(name string) (string, bool) { return bundled(name) }

func bundled(name string) (string, bool) {
	if name == "" || strings.ContainsAny(name, `/\`) {
		return "", false
	}
	b, err := workloadFiles.ReadFile("workloads/" + strings.ReplaceAll(name, " ", "-") + ".nt")
	return string(b), err == nil
}
