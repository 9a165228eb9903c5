package conf_test

import (
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/BurntSushi/toml"

	"tandem/conf"
)

const example = "example.toml"

// lines are the example's.
func lines(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile(example)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(string(text), "\n")
}

func TestExampleIsTheDefaults(t *testing.T) {
	got, err := conf.Load(example, nil)
	if err != nil {
		t.Fatal(err)
	}
	same(t, got, conf.Default())
}

// same compares two configurations key by key; no list is an empty one.
func same(t *testing.T, got, want *conf.Config) {
	t.Helper()
	g, w := values(got), values(want)
	for _, key := range conf.Keys() {
		if !reflect.DeepEqual(g[key], w[key]) {
			t.Errorf("%s: got %v, want %v", key, g[key], w[key])
		}
	}
}

// values are the leaves of a configuration as TOML has them.
func values(c *conf.Config) map[string]any {
	var b strings.Builder
	tree := map[string]any{}
	if err := toml.NewEncoder(&b).Encode(c); err != nil {
		panic(err)
	}
	if _, err := toml.Decode(b.String(), &tree); err != nil {
		panic(err)
	}
	flat := map[string]any{}
	var visit func(prefix string, tree map[string]any)
	visit = func(prefix string, tree map[string]any) {
		for k, v := range tree {
			switch v := v.(type) {
			case map[string]any:
				visit(prefix+k+".", v)
			case []any:
				if len(v) > 0 {
					flat[prefix+k] = v
				}
			default:
				flat[prefix+k] = v
			}
		}
	}
	visit("", tree)
	return flat
}

var setting = regexp.MustCompile(`^([a-z0-9_]+) = `)

// TestExampleHasEveryKey also wants the order of conf.Config, and a sentence above each key.
func TestExampleHasEveryKey(t *testing.T) {
	var got []string
	section := ""
	all := lines(t)
	for i, line := range all {
		if strings.HasPrefix(line, "[") {
			section = strings.Trim(line, "[]") + "."
		}
		m := setting.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		key := section + m[1]
		got = append(got, key)
		comment := 0
		for comment < i && strings.HasPrefix(all[i-1-comment], "# ") {
			comment++
		}
		if comment == 0 || comment > 3 {
			t.Errorf("line %d: %s has %d lines of comment, want one or two, three for the odd one", i+1, key, comment)
		} else if !strings.HasSuffix(all[i-1], ".") {
			t.Errorf("line %d: the comment of %s is no sentence", i+1, key)
		}
		if i+1 < len(all) && all[i+1] != "" {
			t.Errorf("line %d: no blank line behind %s", i+1, key)
		}
	}
	want := conf.Keys()
	if !slices.Equal(got, want) {
		t.Errorf("got keys\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestExampleReadsWell(t *testing.T) {
	for i, line := range lines(t) {
		switch {
		case len(line) > 120:
			t.Errorf("line %d has %d characters, want at most 120", i+1, len(line))
		case strings.TrimRight(line, " \t") != line:
			t.Errorf("line %d ends in blanks", i+1)
		}
	}
}
