package syntax

// Config says how a text is to be read. The zero Config reads a script without
// macro variables.
type Config struct {
	// File is the name used in positions; empty for text of the command line.
	File string

	// CommandLine is set for the text of -n, -P, -m, -f and -i: probe
	// descriptions may stand alone, without predicate and statements.
	CommandLine bool
	// Spec says which part a probe description of fewer than four parts ends
	// with. The zero value is the rule of scripts and of -n.
	Spec Spec
	// PSpec is -x pspec: a single word at top level that could be the start of
	// a declaration is a probe description.
	PSpec bool
	// Empty is -x empty: a text without any clause or declaration is no error.
	Empty bool

	// TypeName reports whether name is the name of a type that the text does
	// not declare itself, such as a typedef of the kernel or of a D library. A
	// scope is part of name ("ext4`ext4_fsblk_t"). When TypeName is nil any name
	// is taken for a type where only a type makes sense.
	TypeName func(name string) bool

	// Macros holds the values of macro variables by name: "pid", "target".
	Macros map[string]int64
	// Args are the macro arguments $0, $1, ... as text.
	Args []string
	// DefaultArgs is -x defaultargs: a macro argument that is not there is 0, or
	// "" as string, rather than an error.
	DefaultArgs bool
	// ArgRef is -x argref: arguments that the text does not use are no error.
	// It is ignored for an empty Args.
	ArgRef bool

	// Option is called at each "#pragma D option" as it is read, and may change
	// the fields above for the text behind it: PSpec, Empty, DefaultArgs and
	// ArgRef are options. cfg is the parser's own copy. nil is no call.
	Option func(cfg *Config, name, value string)
}

// Spec is the part of a probe description that its last word names; the words
// before it name the parts before that.
type Spec uint8

// The four parts, in the order of likely use, and the restriction to probe ids
// that -i makes.
const (
	// SpecName: "a:b" is function a, name b.
	SpecName Spec = iota
	// SpecFunction is -f: "a:b" is module a, function b.
	SpecFunction
	// SpecModule is -m: "a:b" is provider a, module b.
	SpecModule
	// SpecProvider is -P: one word only.
	SpecProvider
)

// String returns the word for the part.
func (s Spec) String() string {
	switch s {
	case SpecName:
		return "name"
	case SpecFunction:
		return "function"
	case SpecModule:
		return "module"
	case SpecProvider:
		return "provider"
	}
	return "?"
}

// Limits that keep hostile text from exhausting the stack of the parser or of
// the stages after it, which walk the tree recursively.
const (
	// maxNest bounds how deep expressions, statements, declarators and struct
	// bodies nest.
	maxNest = 1000
	// maxChain bounds the operators of one expression, because a chain such as
	// a+a+... makes a tree as deep as it is long.
	maxChain = 50000
	// maxMessage bounds the text of an error, which may quote the program.
	maxMessage = 400
	// maxText bounds a text, so that offsets and lines fit any int.
	maxText = 1 << 28
)
