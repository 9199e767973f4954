package check

import "github.com/godtrace/godtrace/diag"

// Tags that DTrace raises for arguments of trunc() and tracemem() and that
// package diag does not list.
const (
	tagTruncProto      diag.Code = "D_TRUNC_PROTO"
	tagTruncScalar     diag.Code = "D_TRUNC_SCALAR"
	tagTracememArgs    diag.Code = "D_TRACEMEM_ARGS"
	tagTracememDynSize diag.Code = "D_TRACEMEM_DYNSIZE"
)
