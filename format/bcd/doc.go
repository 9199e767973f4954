// Package bcd reads and changes boot configuration data (BCD) stores: the registry hives from
// which the Windows boot manager and loaders take their options.
//
// A store is a set of objects, each with an identifier (a GUID), a type and elements. The number
// of an element tells its class, the format of its value and a subtype; what a number means
// depends on the type of the object it is in, so names are always looked up together with the
// type. An object that does not have an element may get it from the objects it inherits.
//
// The package knows layouts and names. Reading and replacing the file is package regf's part.
// Identifiers, types and element names are those of Windows' own tools, as far as they are
// public; elements without a known name are shown by number.
package bcd
