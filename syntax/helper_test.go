package syntax

import (
	"errors"

	"github.com/godtrace/godtrace/diag"
)

// AsDetail formats an error with its source line.
func AsDetail(err error) string {
	var e *diag.Error
	if errors.As(err, &e) {
		return e.Detail(true)
	}
	return err.Error()
}
