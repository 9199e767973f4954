package vmtest

import "time"

// Paths and names that the machine and the program in it agree on.
const (
	// InitPath is where the initramfs holds the program of package init. It is
	// also a command for workloads; see there.
	InitPath = "/init"
	// PlanPath is where it holds the Plan, as JSON.
	PlanPath = "/plan.json"
	// ResultPort is the serial port for results.
	ResultPort = "/dev/ttyS1"
)

// Plan is what a machine does before it turns itself off: the jobs, one after
// the other.
type Plan struct {
	Jobs []Job
}

// Job is one command.
type Job struct {
	// Name is repeated in the result.
	Name string
	// Args is the command, by its path, and its arguments.
	Args []string
	// Dir is its directory, "/" if empty.
	Dir string
	// Env is its environment, beside HOME and PATH.
	Env []string
	// Timeout ends a command with SIGKILL; a minute if 0.
	Timeout time.Duration
}

// Result is what became of a Job.
type Result struct {
	Name           string
	Stdout, Stderr []byte
	// Truncated reports that there was more output than MaxOutput.
	Truncated bool
	// Status is the exit status; 128 and the number of the signal if one ended
	// the command, -1 if it could not be started, for which Err is the reason.
	Status int
	// TimedOut reports that the command ran longer than its timeout.
	TimedOut bool
	Err      string
	// Took is the time from start to end, as the machine's clock tells it.
	Took time.Duration
}

// MaxOutput bounds each of the outputs in a Result, in bytes.
const MaxOutput = 256 << 10
