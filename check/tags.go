package check

import "github.com/godtrace/godtrace/diag"

// Tags that DTrace raises for arguments of tracemem() and that
// package diag does not list.
const (
	tagTracememArgs    diag.Code = "D_TRACEMEM_ARGS"
	tagTracememDynSize diag.Code = "D_TRACEMEM_DYNSIZE"
)
