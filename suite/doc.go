// Package suite runs D programs from files against the built command, each on
// the portable engine and, where the kernel allows, as eBPF in the live kernel.
// Both must give the same output.
//
// A case is a file testdata/GROUP/NAME.d:
//
//	tst.NAME.d        must compile and run; standard output must equal tst.NAME.out
//	err.D_TAG.NAME.d  must be refused with that tag
//	drp.KIND.NAME.d   must run and report a drop of that kind
//
// Comments at the start of a case direct the runner:
//
//	/* args: -q one two */   options and operands after the script's name
//	/* status: 3 */          the exit status, when it is not 0 (tst) or 1 (err)
//	/* stderr: regexp */     standard error must match
//	/* hosts: linux */       run on these hosts only (local, linux)
//	/* differs: reason */    a known difference from other DTraces, listed by the runner
//
// go test ./suite -update rewrites the .out files from the portable engine.
package suite
