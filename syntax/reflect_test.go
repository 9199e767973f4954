package syntax

import "reflect"

// countNodes finds all nodes of a tree by reflection, as the oracle for Walk.
func countNodes(n Node) map[Node]bool {
	found := map[Node]bool{}
	var visit func(v reflect.Value)
	visit = func(v reflect.Value) {
		switch v.Kind() {
		case reflect.Interface:
			if !v.IsNil() {
				visit(v.Elem())
			}
		case reflect.Pointer:
			if v.IsNil() {
				return
			}
			if n, ok := v.Interface().(Node); ok {
				if _, loc := n.(*Loc); !loc {
					if found[n] {
						return
					}
					found[n] = true
				}
			}
			visit(v.Elem())
		case reflect.Struct:
			for i := range v.NumField() {
				visit(v.Field(i))
			}
		case reflect.Slice:
			for i := range v.Len() {
				visit(v.Index(i))
			}
		}
	}
	visit(reflect.ValueOf(n))
	return found
}
