package check

// Func is a function of D: an action, a subroutine or an aggregating function.
type Func struct {
	ID   FuncID
	Name string
	Kind FuncKind
}

type argsState uint8
