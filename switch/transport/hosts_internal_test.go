package transport

import "testing"

func TestParseHosts(t *testing.T) {
	names := parseHosts("# a comment\n127.0.0.1 localhost\n192.0.2.1\tPBX pbx.example. # ours\n2001:db8::1 pbx\nbroken line\n192.0.2.2\n")
	for name, want := range map[string]int{"pbx.": 2, "pbx.example.": 1, "localhost.": 1, "line.": 0, "ours.": 0} {
		if got := len(names[name]); got != want {
			t.Errorf("%s has %d addresses, want %d", name, got, want)
		}
	}
	if got := names["pbx."][0].String(); got != "192.0.2.1" {
		t.Errorf("the first is %s", got)
	}
}
