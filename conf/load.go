package conf

import (
	"encoding"
	"errors"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"
)

// Mistake is one thing wrong with a configuration, and where it stands.
type Mistake struct {
	Source string // the file's name, or the environment variable's
	Line   int    // in the file, from 1; 0 where there is none
	Key    string // such as sip.listen; empty when the whole file is at fault
	Text   string
}

// Error prints the mistake as compilers do: file:line: key: text.
func (m *Mistake) Error() string {
	var b strings.Builder
	b.WriteString(m.Source)
	if m.Line > 0 {
		fmt.Fprintf(&b, ":%d", m.Line)
	}
	if m.Key != "" {
		b.WriteString(": " + m.Key)
	}
	return b.String() + ": " + m.Text
}

// Load reads the defaults, then the TOML file at path (none if path is empty),
// then the environment (as os.Environ gives it), and checks the whole. The
// error joins every mistake found, each a *Mistake.
func Load(path string, environ []string) (*Config, error) {
	c := Default()
	var found []error
	lines := map[string]int{}
	if path != "" {
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		lines = keyLines(string(text))
		found = decodeFile(c, path, string(text), lines)
	}
	overridden, mistakes := decodeEnv(c, environ)
	found = append(found, mistakes...)
	if len(found) > 0 {
		return nil, errors.Join(found...)
	}
	for _, m := range c.check() {
		m.locate(path, lines, overridden)
		found = append(found, m)
	}
	if len(found) > 0 {
		return nil, errors.Join(found...)
	}
	return c, nil
}

// locate says where the value at fault was written.
func (m *Mistake) locate(path string, lines map[string]int, overridden map[string]string) {
	switch name, line := overridden[m.Key], lines[m.Key]; {
	case name != "":
		m.Source = name
	case line > 0:
		m.Source, m.Line = path, line
	default:
		m.Source = "configuration"
	}
}

// decodeFile fills c and returns every mistake. Values are decoded one at a time,
// since the decoder stops at the first that does not fit.
func decodeFile(c *Config, path, text string, lines map[string]int) []error {
	var found []error
	tree := map[string]any{}
	md, err := toml.Decode(text, &tree)
	if wrong, ok := errors.AsType[toml.ParseError](err); ok {
		return append(found, &Mistake{Source: path, Line: wrong.Position.Line, Key: wrong.LastKey, Text: wrong.Message})
	}
	if err != nil {
		return append(found, &Mistake{Source: path, Text: err.Error()})
	}
	known, sections := map[string]bool{}, map[string]bool{}
	walk(reflect.ValueOf(c).Elem(), "", func(key string, leaf reflect.Value) {
		for at := range key {
			if key[at] == '.' {
				sections[key[:at]] = true
			}
		}
		known[key] = true
		value, ok := lookUp(tree, strings.Split(key, "."))
		if !ok {
			return
		}
		if err := setValue(leaf, value); err != nil {
			found = append(found, &Mistake{Source: path, Line: lines[key], Key: key, Text: err.Error()})
		}
	})
	for _, k := range md.Keys() {
		switch key := k.String(); {
		case sections[key]:
			if v, _ := lookUp(tree, k); reflect.TypeOf(v) != reflect.TypeOf(tree) {
				found = append(found, &Mistake{Source: path, Line: lines[key], Key: key, Text: "is a section and no value"})
			}
		case !known[key]:
			found = append(found, &Mistake{Source: path, Line: lines[key], Key: key, Text: "unknown key" + suggestion(key)})
		}
	}
	slices.SortStableFunc(found, func(a, b error) int { return line(a) - line(b) })
	return found
}

func line(err error) int {
	m, _ := errors.AsType[*Mistake](err)
	return m.Line
}

// lookUp finds a key's value in a decoded file.
func lookUp(tree map[string]any, key []string) (any, bool) {
	v, ok := tree[key[0]]
	if !ok || len(key) == 1 {
		return v, ok
	}
	below, ok := v.(map[string]any)
	if !ok {
		return nil, false
	}
	return lookUp(below, key[1:])
}

// keyLines finds the line each key of a TOML text is set on. Keys come from
// the parser, in the order they stand, and are then looked for in that order.
func keyLines(text string) map[string]int {
	lines := map[string]int{}
	md, err := toml.Decode(text, &map[string]any{})
	if err != nil {
		return lines
	}
	rows := strings.Split(text, "\n")
	at := 0
	for _, k := range md.Keys() {
		for i := at; i < len(rows); i++ {
			if sets(rows[i], k) {
				lines[k.String()], at = i+1, i
				break
			}
		}
	}
	return lines
}

// sets reports whether a line of TOML opens the table k or sets the key k.
func sets(row string, k toml.Key) bool {
	row = strings.TrimSpace(row)
	if table, ok := strings.CutPrefix(row, "["); ok {
		name, _, _ := strings.Cut(strings.TrimPrefix(table, "["), "]")
		return strings.TrimSpace(name) == k.String()
	}
	name, _, ok := strings.Cut(row, "=")
	name = strings.Trim(strings.TrimSpace(name), `"'`)
	return ok && (name == k[len(k)-1] || k.String() == name || strings.HasSuffix(k.String(), "."+name))
}

// suggestion names the known key that looks most like an unknown one.
func suggestion(key string) string {
	last := key[strings.LastIndexByte(key, '.')+1:]
	for _, known := range Keys() {
		if strings.HasSuffix(known, "."+last) || strings.ReplaceAll(known, "_", "") == strings.ReplaceAll(strings.ToLower(key), "-", "") {
			return fmt.Sprintf(" (did you mean %s?)", known)
		}
	}
	return ""
}

// Keys lists every key of the configuration, such as sip.listen, in the order of
// the Config struct; a section's own sections stand behind its plain keys, as in a file.
func Keys() []string {
	var keys []string
	walk(reflect.ValueOf(Default()).Elem(), "", func(key string, _ reflect.Value) { keys = append(keys, key) })
	return slices.Clip(keys)
}

// walk visits the leaves of a configuration struct: the fields with a toml tag that are no sections.
func walk(v reflect.Value, prefix string, visit func(key string, leaf reflect.Value)) {
	var sections []func()
	for i := range v.NumField() {
		field := v.Type().Field(i)
		tag := field.Tag.Get("toml")
		if field.Anonymous {
			walk(v.Field(i), prefix, visit)
			continue
		}
		if tag == "" || tag == "-" {
			continue
		}
		if f := v.Field(i); f.Kind() == reflect.Struct && !isText(f) {
			sections = append(sections, func() { walk(f, prefix+tag+".", visit) })
		} else {
			visit(prefix+tag, f)
		}
	}
	for _, section := range sections {
		section()
	}
}

// isText reports whether a value is written as one string in TOML.
func isText(v reflect.Value) bool {
	return v.Addr().Type().Implements(reflect.TypeFor[encoding.TextUnmarshaler]())
}
