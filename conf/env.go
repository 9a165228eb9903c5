package conf

import (
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"strings"
	"time"

	"github.com/BurntSushi/toml"
)

// EnvName is the environment variable that overrides a key: TANDEM_SIP_LISTEN for sip.listen.
func EnvName(key string) string {
	return "TANDEM_" + strings.ToUpper(strings.ReplaceAll(key, ".", "_"))
}

// decodeEnv overrides the keys whose variables are set. Lists are separated by
// commas. It returns which variable set which key. Variables that begin with
// TANDEM_ and name no key are mistakes: a misspelt override would go unnoticed.
func decodeEnv(c *Config, environ []string) (overridden map[string]string, found []error) {
	set := map[string]string{}
	for _, e := range environ {
		if name, value, ok := strings.Cut(e, "="); ok && strings.HasPrefix(name, "TANDEM_") {
			set[name] = value
		}
	}
	overridden = map[string]string{}
	walk(reflect.ValueOf(c).Elem(), "", func(key string, leaf reflect.Value) {
		name := EnvName(key)
		value, ok := set[name]
		delete(set, name)
		if !ok {
			return
		}
		overridden[key] = name
		if err := setLeaf(leaf, value); err != nil {
			found = append(found, &Mistake{Source: name, Key: key, Text: err.Error()})
		}
	})
	for name := range set {
		found = append(found, &Mistake{Source: name, Text: "no such setting"})
	}
	return overridden, found
}

// setLeaf reads value as TOML would read it into leaf, so that files and the environment speak the same language.
func setLeaf(leaf reflect.Value, value string) error {
	if err := decodeLeaf(leaf, "v = "+literal(leaf, value)); err != nil {
		return fmt.Errorf("%q: %w", value, err)
	}
	return nil
}

// setValue sets leaf to what a file had for it.
func setValue(leaf reflect.Value, value any) error {
	var b strings.Builder
	if err := toml.NewEncoder(&b).Encode(map[string]any{"v": value}); err != nil {
		return err
	}
	return decodeLeaf(leaf, b.String())
}

// decodeLeaf decodes a text that sets v.
func decodeLeaf(leaf reflect.Value, text string) error {
	holder := reflect.New(reflect.StructOf([]reflect.StructField{{Name: "V", Type: leaf.Type(), Tag: `toml:"v"`}}))
	if _, err := toml.Decode(text, holder.Interface()); err != nil {
		return plain(err)
	}
	leaf.Set(holder.Elem().Field(0))
	return nil
}

// place is what the decoder says of where it was: in a text of ours, it misleads.
var place = regexp.MustCompile(`^toml: (line \d+ )?(\(last key "[^"]*"\))?: `)

// plain is a decoder's error without its place.
func plain(err error) error {
	if e, ok := errors.AsType[toml.ParseError](err); ok && e.Message != "" {
		return errors.New(e.Message)
	}
	return errors.New(place.ReplaceAllString(err.Error(), ""))
}

// literal writes value as the TOML literal that a leaf of that kind expects.
func literal(leaf reflect.Value, value string) string {
	quoted := func(s string) string {
		return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(strings.TrimSpace(s)) + `"`
	}
	switch {
	case isText(leaf) || leaf.Type() == reflect.TypeFor[time.Duration]() || leaf.Kind() == reflect.String:
		return quoted(value)
	case leaf.Kind() == reflect.Slice:
		var items []string
		for item := range strings.SplitSeq(value, ",") {
			if strings.TrimSpace(item) != "" {
				items = append(items, quoted(item))
			}
		}
		return "[" + strings.Join(items, ", ") + "]"
	}
	return strings.TrimSpace(value)
}
