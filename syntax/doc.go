// Package syntax reads and prints D. It holds the scanner, the parser, the tree
// and the printer in one package, because what a character means in D depends
// on where the parser is: "/" is a division, or the end of a predicate;
// "read*" is a probe description, or the start of a product; "foo_t" is a type
// or a variable.
//
// The package knows the form of programs only. Which names exist, what types
// expressions have and whether a program makes sense is the matter of package
// check. The exception are names of types, without which a cast cannot be told
// from a parenthesised expression: those that the text itself declares and D's
// classic ones are known here, all others are asked of Config.TypeName.
package syntax
