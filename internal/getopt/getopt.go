// Package getopt parses command lines as dtrace(1) does: single-letter options,
// clustered (-qn), with attached or separate arguments, operands anywhere, "--"
// ends the options.
package getopt

import "fmt"

// Opt is one option as it stood on the command line.
type Opt struct {
	// Letter is the option, Arg its argument if it takes one.
	Letter byte
	Arg    string
}

// Parse splits args by the getopt specification spec ("ab:c": b takes an
// argument). Options and operands keep their order.
func Parse(spec string, args []string) (opts []Opt, operands []string, err error) {
	takes := map[byte]bool{}
	known := map[byte]bool{}
	for i := 0; i < len(spec); i++ {
		known[spec[i]] = true
		if i+1 < len(spec) && spec[i+1] == ':' {
			takes[spec[i]] = true
			i++
		}
	}
	for i := 0; i < len(args); i++ {
		a := args[i]
		if a == "--" {
			operands = append(operands, args[i+1:]...)
			break
		}
		if len(a) < 2 || a[0] != '-' {
			operands = append(operands, a)
			continue
		}
		for j := 1; j < len(a); j++ {
			c := a[j]
			if !known[c] || c == ':' {
				return opts, operands, fmt.Errorf("invalid option -- '%c'", c)
			}
			if !takes[c] {
				opts = append(opts, Opt{Letter: c})
				continue
			}
			arg := a[j+1:]
			if arg == "" {
				if i+1 >= len(args) {
					return opts, operands, fmt.Errorf("option requires an argument -- '%c'", c)
				}
				i++
				arg = args[i]
			}
			opts = append(opts, Opt{Letter: c, Arg: arg})
			break
		}
	}
	return opts, operands, nil
}
