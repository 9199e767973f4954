//go:build linux

// Command compare measures what tracing costs, of this tool and of bpftrace
// where it is installed, in interleaved rounds, and prints Markdown. It traces
// only processes that it starts.
package main

import (
	"bufio"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// scenario is one program for each tracer.
type scenario struct {
	name      string
	d, bt     string
	aim       float64 // of bpftrace's cost
	discard   bool
	loopShare int // divides the number of reads, for dear scenarios
}

var scenarios = []scenario{
	{name: "nothing (another call is traced)", d: `syscall::write:entry { @ = count(); }`},
	{name: "@ = count()", d: `syscall::read:entry { @ = count(); }`, bt: `tracepoint:syscalls:sys_enter_read { @ = count(); }`, aim: 0.45},
	{name: "@ = quantize(arg2)", d: `syscall::read:entry { @ = quantize(arg2); }`, bt: `tracepoint:syscalls:sys_enter_read { @ = hist(args.count); }`, aim: 0.45},
	{name: "@[execname] = count()", d: `syscall::read:entry { @[execname] = count(); }`, bt: `tracepoint:syscalls:sys_enter_read { @[comm] = count(); }`, aim: 0.75},
	{name: "printf an event", d: `syscall::read:entry { printf("%d %d %d\n", pid, arg0, arg2); }`, bt: `tracepoint:syscalls:sys_enter_read { printf("%d %d %d\n", pid, args.fd, args.count); }`, aim: 0.55, discard: true, loopShare: 4},
	{name: "latency pair", d: `syscall::read:entry { self->ts = timestamp; } syscall::read:return /self->ts/ { @ = quantize(timestamp - self->ts); self->ts = 0; }`,
		bt: `tracepoint:syscalls:sys_enter_read { @s[tid] = nsecs; } tracepoint:syscalls:sys_exit_read /@s[tid]/ { @ = hist(nsecs - @s[tid]); delete(@s[tid]); }`, aim: 0.5},
}

func main() {
	dtrace := flag.String("dtrace", "bin/dtrace", "the dtrace to measure")
	bpftrace := flag.String("bpftrace", os.Getenv("BPFTRACE"), "command line of bpftrace (default: $BPFTRACE, or bpftrace on PATH)")
	rounds := flag.Int("rounds", 7, "interleaved rounds")
	reads := flag.Int("reads", 400000, "reads a round")
	flag.Parse()
	if err := run(*dtrace, *bpftrace, *rounds, *reads); err != nil {
		fmt.Fprintln(os.Stderr, "compare:", err)
		os.Exit(1)
	}
}

func run(dtrace, bpftrace string, rounds, reads int) error {
	if os.Getuid() != 0 {
		return fmt.Errorf("needs root")
	}
	dtrace, err := filepath.Abs(dtrace)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "compare")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	loop := filepath.Join(dir, "readloop")
	if out, err := exec.Command("go", "build", "-o", loop, "./bench/readloop").CombinedOutput(); err != nil {
		return fmt.Errorf("build readloop: %v\n%s", err, out)
	}
	var bt []string
	if bpftrace != "" {
		bt = strings.Fields(bpftrace)
	} else if p, err := exec.LookPath("bpftrace"); err == nil {
		bt = []string{p}
	}
	fmt.Printf("## Cost of a firing\n\nAdded CPU ns a 1-byte read of /dev/zero, medians of %d interleaved rounds of %d reads.\n\n", rounds, reads)
	fmt.Printf("| program | godtrace | bpftrace | ratio | aim |\n|---|---|---|---|---|\n")
	for _, s := range scenarios {
		if only := os.Getenv("ONLY"); only != "" && !strings.Contains(s.name, only) {
			continue
		}
		if err := compare(s, dtrace, bt, loop, rounds, reads); err != nil {
			return err
		}
	}
	fmt.Println()
	return startup(dtrace, bt, rounds)
}

func compare(s scenario, dtrace string, bt []string, loop string, rounds, reads int) error {
	if s.loopShare > 0 {
		reads /= s.loopShare
	}
	var ours, theirs, ratio []float64
	// added is the cost of a read while a tracer runs above the mean of one
	// without it just before and just after: the machine's speed drifts.
	added := func(args ...string) (float64, error) {
		before, err := read(loop, reads)
		if err != nil {
			return 0, err
		}
		with, err := traced(args, loop, reads)
		if err != nil {
			return 0, fmt.Errorf("%s: %w", s.name, err)
		}
		after, err := read(loop, reads)
		return with - (before+after)/2, err
	}
	for r := 0; r < rounds; r++ {
		our, err := added(dtrace, "-q", "-n", `BEGIN { printf("ready\n"); } `+s.d)
		if err != nil {
			return err
		}
		ours = append(ours, our)
		if bt == nil || s.bt == "" {
			continue
		}
		their, err := added(append(bt[:len(bt):len(bt)], "-e", `BEGIN { printf("ready\n"); } `+s.bt)...)
		if err != nil {
			return err
		}
		theirs = append(theirs, their)
		ratio = append(ratio, our/their)
	}
	if s.bt == "" {
		fmt.Printf("| %s | %.0f | | | |\n", s.name, median(ours))
		return nil
	}
	if bt == nil {
		fmt.Printf("| %s | %.0f | not installed | | %.2f |\n", s.name, median(ours), s.aim)
		return nil
	}
	fmt.Printf("| %s | %.0f | %.0f | %.2f | %.2f |\n", s.name, median(ours), median(theirs), median(ratio), s.aim)
	return nil
}

func read(loop string, n int) (float64, error) {
	out, err := exec.Command("taskset", "-c", "1", loop, strconv.Itoa(n)).Output()
	if err != nil {
		return 0, fmt.Errorf("readloop: %w", err)
	}
	return strconv.ParseFloat(strings.TrimSpace(string(out)), 64)
}

// traced runs the loop while a tracer runs; the tracer says "ready".
func traced(args []string, loop string, n int) (float64, error) {
	cmd := exec.Command("taskset", append([]string{"-c", "0"}, args...)...)
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		return 0, err
	}
	var stderr strings.Builder
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	rd := bufio.NewReader(pipe)
	for {
		line, err := rd.ReadString('\n')
		if strings.Contains(line, "ready") {
			break
		}
		if err != nil {
			cmd.Wait()
			return 0, fmt.Errorf("%s: %v: %s", args[0], err, stderr.String())
		}
	}
	go io.Copy(io.Discard, rd)
	time.Sleep(500 * time.Millisecond)
	ns, err := read(loop, n)
	cmd.Process.Signal(syscall.SIGINT)
	cmd.Wait()
	return ns, err
}

func median(v []float64) float64 {
	s := append([]float64(nil), v...)
	sort.Float64s(s)
	return s[len(s)/2]
}

// startup measures whole processes.
func startup(dtrace string, bt []string, rounds int) error {
	type run struct {
		name string
		args []string
	}
	runs := []run{{"dtrace -n 'BEGIN { exit(0); }'", []string{dtrace, "-q", "-n", "BEGIN { exit(0); }"}}}
	if bt != nil {
		runs = append(runs, run{"bpftrace -e 'BEGIN { exit(); }'", append(bt[:len(bt):len(bt)], "-e", "BEGIN { exit(); }")})
	}
	wall, cpu, rss := make([][]float64, len(runs)), make([][]float64, len(runs)), make([][]float64, len(runs))
	for r := 0; r < rounds; r++ {
		for i, x := range runs {
			cmd := exec.Command(x.args[0], x.args[1:]...)
			begin := time.Now()
			if err := cmd.Run(); err != nil {
				return fmt.Errorf("%s: %w", x.name, err)
			}
			ru := cmd.ProcessState.SysUsage().(*syscall.Rusage)
			wall[i] = append(wall[i], time.Since(begin).Seconds()*1000)
			cpu[i] = append(cpu[i], float64(ru.Utime.Nano()+ru.Stime.Nano())/1e6)
			rss[i] = append(rss[i], float64(ru.Maxrss)/1024)
		}
	}
	fmt.Printf("## Whole process\n\n| command | wall ms | CPU ms | peak MiB |\n|---|---|---|---|\n")
	for i, x := range runs {
		fmt.Printf("| `%s` | %.0f | %.0f | %.0f |\n", x.name, median(wall[i]), median(cpu[i]), median(rss[i]))
	}
	return nil
}
