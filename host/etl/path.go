package etl

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/godtrace/godtrace/format/pe"
)

// SetPath gives the places to look for symbol files (.pdb), images, manifests
// (.man) and formats of messages (.tmf): folders, or such files themselves, separated by semicolons (colons
// too, except on Windows). Folders may be symbol stores; the form
// srv*FOLDER*address is understood, the address not asked. It must come before
// the host is used.
func (h *Host) SetPath(path string) error {
	if h.loaded {
		return errors.New("host etl: the symbol path comes too late, probes are listed already")
	}
	for _, p := range splitPath(path) {
		fi, err := os.Stat(p)
		if err != nil {
			return fmt.Errorf("symbol path: %w", err)
		}
		if !fi.IsDir() {
			if !describes(p) {
				h.path.files = append(h.path.files, p)
				if err := h.addTemplates(p); err != nil {
					h.notice("%v", err)
				}
				continue
			}
			if err := h.addManifest(p); err != nil {
				return err
			}
			continue
		}
		h.path.dirs = append(h.path.dirs, p)
		for _, pattern := range []string{"*.dll", "*.exe", "*.sys", "*.mui"} {
			files, err := filepath.Glob(filepath.Join(p, pattern))
			if err != nil {
				return fmt.Errorf("symbol path: %w", err)
			}
			for _, m := range files {
				if err := h.addTemplates(m); err != nil {
					h.notice("%v", err)
				}
			}
		}
		for _, pattern := range []string{"*.man", "*.tmf"} {
			files, err := filepath.Glob(filepath.Join(p, pattern))
			if err != nil {
				return fmt.Errorf("symbol path: %w", err)
			}
			for _, m := range files {
				if err := h.addManifest(m); err != nil {
					h.notice("%v", err)
				}
			}
		}
	}
	return nil
}

// describes reports whether a file is a manifest (.man) or holds formats of messages
// (.tmf).
func describes(name string) bool {
	ext := filepath.Ext(name)
	return strings.EqualFold(ext, ".man") || strings.EqualFold(ext, ".tmf")
}

// maxImage bounds the images that are looked into for templates of events.
const maxImage = 256 << 20

// addTemplates takes in the templates of events that an image of a provider holds, if
// the file is an image and has some.
func (h *Host) addTemplates(name string) error {
	ext := strings.ToLower(filepath.Ext(name))
	if ext != ".dll" && ext != ".exe" && ext != ".sys" && ext != ".mui" {
		return nil
	}
	st, err := os.Stat(name)
	if err != nil {
		return fmt.Errorf("symbol path: %w", err)
	}
	if st.Size() > maxImage {
		return nil
	}
	b, err := os.ReadFile(name)
	if err != nil {
		return fmt.Errorf("symbol path: %w", err)
	}
	f, err := pe.Parse(b)
	if err != nil {
		return fmt.Errorf("image %s: %w", name, err)
	}
	data, ok, err := f.Resource("WEVT_TEMPLATE")
	if err == nil && ok {
		base := filepath.Base(name)
		var messages map[uint32]string
		if messages, err = messagesOf(name, f); err != nil {
			// Names of values and messages are missing; the rest is not.
			h.notice("messages of %s: %v", name, err)
		}
		err = h.dec.AddTemplates(data, base[:len(base)-len(ext)], messages)
	}
	if err != nil {
		return fmt.Errorf("image %s: %w", name, err)
	}
	return nil
}

// messagesOf returns the messages of an image: its own, else those of the file for a
// language beside it (NAME.mui) or in a folder for the language.
func messagesOf(name string, f *pe.File) (map[uint32]string, error) {
	m, err := f.Messages()
	if len(m) > 0 || err != nil {
		return m, err
	}
	dir, base := filepath.Split(name)
	others := []string{name + ".mui", filepath.Join(dir, "en-US", base+".mui")}
	more, err := filepath.Glob(filepath.Join(dir, "*", base+".mui"))
	if err != nil {
		return nil, err
	}
	for _, o := range append(others, more...) {
		st, err := os.Stat(o)
		if err != nil || st.Size() > maxImage {
			continue
		}
		b, err := os.ReadFile(o)
		if err != nil {
			return nil, err
		}
		g, err := pe.Parse(b)
		if err != nil {
			return nil, err
		}
		if m, err := g.Messages(); len(m) > 0 || err != nil {
			return m, err
		}
	}
	return nil, nil
}

func (h *Host) addManifest(name string) error {
	text, err := os.ReadFile(name)
	switch {
	case err != nil:
	case strings.EqualFold(filepath.Ext(name), ".tmf"):
		err = h.dec.AddTMF(text)
	default:
		err = h.dec.AddManifest(text)
	}
	if err != nil {
		return fmt.Errorf("manifest %s: %w", name, err)
	}
	return nil
}

// splitPath splits a symbol path and unwraps srv*.
func splitPath(path string) (out []string) {
	sep := ";"
	if filepath.Separator == '/' {
		sep = ";:"
	}
	for _, p := range strings.FieldsFunc(strings.ReplaceAll(path, "://", "\x00"), func(r rune) bool { return strings.ContainsRune(sep, r) }) {
		parts := strings.Split(p, "*")
		for i, q := range parts {
			kind := strings.ToLower(q)
			if q == "" || strings.ContainsRune(q, 0) || len(parts) > 1 && i == 0 && (kind == "srv" || kind == "cache" || kind == "symsrv") {
				continue
			}
			out = append(out, q)
		}
	}
	return out
}
