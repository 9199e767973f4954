package compile

import (
	"fmt"
	"os"
	"testing"
	"github.com/godtrace/godtrace/check"
)

func TestTry(t *testing.T) {
	text := os.Getenv("D")
	p, err := build(Options{}, check.Options{}, text)
	fmt.Println(err)
	if p != nil {
		fmt.Println(p)
	}
}
