// Package pe reads what a doctor needs to know of Windows images: machine, subsystem, exported
// names, sections, the version resource, and API-set schemas in .apiset sections. It also writes
// small images of that kind, for tests and for models of Windows.
//
// The reader works on the bytes of a file and checks every offset and count; resources nest at
// most three levels. It does not relocate, load or verify signatures.
package pe
